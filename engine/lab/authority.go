package lab

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"time"
)

// authority is a certificate authority for one server's life, and the certificate it gave to that server.
type authority struct {
	certificate *x509.Certificate
	leaf        tls.Certificate
}

// The certificates are valid at any time that a session's clock may show.
var (
	notBefore = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	notAfter  = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
)

// newAuthority makes two ECDSA P-256 keys. Go's key generation and signing always draw from the system's secure
// randomness, whatever reader they are given (crypto/ecdsa, since Go 1.26), so they are given none.
func newAuthority() (*authority, error) {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), nil)
	if err != nil {
		return nil, fmt.Errorf("lab: making the CA's key: %w", err)
	}
	ca, err := issue(&x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "httpx-repl lab CA", Organization: []string{"httpx-repl"}},
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLenZero:        true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}, nil, caKey.Public(), caKey)
	if err != nil {
		return nil, err
	}

	leafKey, err := ecdsa.GenerateKey(elliptic.P256(), nil)
	if err != nil {
		return nil, fmt.Errorf("lab: making the server's key: %w", err)
	}
	leaf, err := issue(&x509.Certificate{
		SerialNumber: big.NewInt(2),
		Subject:      pkix.Name{CommonName: "localhost", Organization: []string{"httpx-repl"}},
		DNSNames:     []string{"localhost", "*.localhost"},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, ca, leafKey.Public(), caKey)
	if err != nil {
		return nil, err
	}
	return &authority{
		certificate: ca,
		leaf:        tls.Certificate{Certificate: [][]byte{leaf.Raw, ca.Raw}, PrivateKey: leafKey, Leaf: leaf},
	}, nil
}

// issue signs template with the issuer's key; without an issuer the certificate is its own.
func issue(template, issuer *x509.Certificate, public crypto.PublicKey, signer crypto.Signer) (*x509.Certificate, error) {
	template.NotBefore, template.NotAfter = notBefore, notAfter
	if issuer == nil {
		issuer = template
	}
	der, err := x509.CreateCertificate(nil, template, issuer, public, signer)
	if err != nil {
		return nil, fmt.Errorf("lab: signing the certificate of %s: %w", template.Subject.CommonName, err)
	}
	return x509.ParseCertificate(der)
}
