package engine

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
)

// TLSError is the cause of a ConnectError (or, for alerts that arrive late, a ReadError) when TLS failed.
type TLSError struct {
	// Reason is one of expired, not_yet_valid, wrong_host, unknown_issuer, self_signed, bad_usage, protocol_version,
	// client_cert_required, not_tls, bad_certificate and handshake.
	Reason      string
	Certificate string // a summary of the server's certificate; may be empty. It comes from outside.
	Err         error
}

// Error says what was wrong, for people.
func (e *TLSError) Error() string {
	text := tlsReasons[e.Reason].text
	if e.Reason == "bad_certificate" || e.Reason == "handshake" {
		text += ": " + e.Err.Error()
	}
	if e.Certificate != "" {
		text += " (" + e.Certificate + ")"
	}
	return text
}

// Unwrap gives the error of crypto/tls or crypto/x509.
func (e *TLSError) Unwrap() error { return e.Err }

// Hint says what to do about it.
func (e *TLSError) Hint() string { return tlsReasons[e.Reason].hint }

var tlsReasons = map[string]struct{ text, hint string }{
	"expired":              {"the server's certificate has expired", "tell the server's owner; check this computer's clock"},
	"not_yet_valid":        {"the server's certificate is not valid yet", "check this computer's clock"},
	"wrong_host":           {"the server's certificate is for another host", "check the host name in the URL"},
	"unknown_issuer":       {"the server's certificate was issued by an authority that is not trusted here", "give the authority's certificate with verify"},
	"self_signed":          {"the server's certificate is self-signed", "give that certificate with verify, if you know that it is the right one"},
	"bad_usage":            {"the server's certificate is not for servers", "tell the server's owner"},
	"protocol_version":     {"the server speaks no TLS version that is still safe", "the server needs TLS 1.2 or later"},
	"client_cert_required": {"the server wants a client certificate", "give one with cert"},
	"not_tls":              {"the server does not speak TLS on this port", "did you mean http instead of https?"},
	"bad_certificate":      {"the server's certificate is not acceptable", "tell the server's owner"},
	"handshake":            {"the TLS handshake failed", ""},
}

// tlsError finds the reason of a failed handshake; nil when err has nothing to do with TLS.
func tlsError(err error) *TLSError {
	var known *TLSError
	if errors.As(err, &known) {
		return known
	}
	var invalid x509.CertificateInvalidError
	var host x509.HostnameError
	var authority x509.UnknownAuthorityError
	var verification *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	text := err.Error()
	switch {
	case errors.As(err, &invalid):
		e := &TLSError{Reason: "bad_certificate", Certificate: summary(invalid.Cert), Err: err}
		switch invalid.Reason {
		case x509.Expired:
			// Both ends of the validity share one reason; only the text tells them apart.
			e.Reason = "expired"
			if strings.Contains(text, "is before") {
				e.Reason = "not_yet_valid"
			}
		case x509.IncompatibleUsage:
			e.Reason = "bad_usage"
		}
		return e
	case errors.As(err, &host):
		return &TLSError{Reason: "wrong_host", Certificate: summary(host.Certificate), Err: err}
	case errors.As(err, &authority):
		reason := "unknown_issuer"
		if cert := authority.Cert; cert != nil && string(cert.RawIssuer) == string(cert.RawSubject) {
			reason = "self_signed"
		}
		return &TLSError{Reason: reason, Certificate: summary(authority.Cert), Err: err}
	case errors.As(err, &verification):
		return &TLSError{Reason: "bad_certificate", Err: err}
	case errors.As(err, &record):
		return &TLSError{Reason: "not_tls", Err: err}
	case strings.Contains(text, "certificate required"):
		return &TLSError{Reason: "client_cert_required", Err: err}
	case strings.Contains(text, "protocol version not supported"), strings.Contains(text, "unsupported protocol version"),
		strings.Contains(text, "no supported versions"), strings.Contains(text, "server selected unsupported protocol"):
		return &TLSError{Reason: "protocol_version", Err: err}
	case strings.Contains(text, "tls: "):
		return &TLSError{Reason: "handshake", Err: err}
	}
	return nil
}

// summary is a certificate in a few words.
func summary(cert *x509.Certificate) string {
	if cert == nil {
		return ""
	}
	names := cert.DNSNames
	if len(names) > 4 {
		names = append(names[:4:4], "…")
	}
	for i := 0; i < len(cert.IPAddresses) && len(names) < 5; i++ {
		names = append(names[:len(names):len(names)], cert.IPAddresses[i].String())
	}
	subject := cert.Subject.CommonName
	if len(names) > 0 {
		subject = strings.Join(names, ", ")
	}
	return fmt.Sprintf("for %s, issued by %s, valid %s to %s", quoted(subject), quoted(cert.Issuer.CommonName),
		cert.NotBefore.UTC().Format("2006-01-02"), cert.NotAfter.UTC().Format("2006-01-02"))
}

// tlsConfig makes the configuration that every handshake of a transport starts from.
func tlsConfig(options TransportOptions) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: options.NoVerify}
	if options.CAs != nil {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(options.CAs) {
			return nil, NewError(ValueError, nil, "the CA certificates hold no certificate in PEM form (-----BEGIN CERTIFICATE-----)")
		}
	}
	if options.ClientCert != nil {
		config.Certificates = []tls.Certificate{*options.ClientCert}
	}
	return config, nil
}

// protocols are the ALPN names to offer.
func protocols(options TransportOptions) []string {
	switch {
	case options.HTTP2 && options.NoHTTP1:
		return []string{"h2"}
	case options.HTTP2:
		return []string{"h2", "http/1.1"}
	}
	return []string{"http/1.1"}
}

// verifyWith returns a check of the server's chain against the usual roots and, when those do not know the issuer, the extra
// ones. It takes the place of crypto/tls's own check, which knows one pool only.
func verifyWith(roots, extra *x509.CertPool, serverName string) func(tls.ConnectionState) error {
	return func(state tls.ConnectionState) error {
		options := x509.VerifyOptions{Roots: roots, DNSName: serverName, Intermediates: x509.NewCertPool()}
		for _, cert := range state.PeerCertificates[1:] {
			options.Intermediates.AddCert(cert)
		}
		_, err := state.PeerCertificates[0].Verify(options)
		if err == nil {
			return nil
		}
		options.Roots = extra
		if _, withExtra := state.PeerCertificates[0].Verify(options); withExtra != nil {
			var unknown x509.UnknownAuthorityError
			if !errors.As(withExtra, &unknown) {
				err = withExtra
			}
			return &tls.CertificateVerificationError{UnverifiedCertificates: state.PeerCertificates, Err: err}
		}
		return nil
	}
}
