package engine

import (
	"net/netip"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
)

// encodeHost validates a host and gives its ASCII form. An IPv6 address comes in brackets and goes without them.
func encodeHost(host string) (string, error) {
	ascii, dottedDigits := true, true
	for i := 0; i < len(host); i++ {
		ascii = ascii && host[i] < 0x80
		dottedDigits = dottedDigits && (host[i] == '.' || host[i] >= '0' && host[i] <= '9')
	}
	switch {
	case host == "":
		return "", nil
	case dottedDigits && isDottedQuad(host):
		if _, err := netip.ParseAddr(host); err != nil {
			return "", NewError(InvalidURL, nil, "Invalid IPv4 address: %s", quoted(host))
		}
		return host, nil
	case host[0] == '[' && host[len(host)-1] == ']':
		address, err := netip.ParseAddr(host[1 : len(host)-1])
		if err != nil || !address.Is6() || !isZone(address.Zone()) {
			return "", NewError(InvalidURL, nil, "Invalid IPv6 address: %s", quoted(host))
		}
		return host[1 : len(host)-1], nil
	case ascii:
		return upperEscapes(escape(lowerASCII(host), hostSafe)), nil
	}
	encoded, err := encodeIDNA(strings.ToLower(host))
	if err != nil {
		return "", NewError(InvalidURL, nil, "Invalid IDNA hostname: %s", quoted(host))
	}
	return encoded, nil
}

// upperEscapes writes the digits of percent escapes in upper case, as RFC 3986 section 6.2.2.1 has it: a host is lowered first.
func upperEscapes(host string) string {
	if !strings.Contains(host, "%") {
		return host
	}
	b := []byte(host)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i+1:], strings.ToUpper(string(b[i+1:i+3])))
		}
	}
	return string(b)
}

// isDottedQuad tells whether a host of digits and dots has the four parts of an IPv4 address.
func isDottedQuad(host string) bool {
	return strings.Count(host, ".") == 3 && host[0] != '.' && host[len(host)-1] != '.' && !strings.Contains(host, "..")
}

// isZone keeps anything out of an IPv6 zone that could end the address in a header or a command line.
func isZone(zone string) bool {
	for i := 0; i < len(zone); i++ {
		if urlChars[zone[i]]&unreserved == 0 {
			return false
		}
	}
	return true
}

// registration is IDNA2008 without any mapping: a name is valid as it stands or not at all.
var registration = idna.New(idna.ValidateForRegistration())

func encodeIDNA(host string) (string, error) {
	host = fullStops.Replace(host)
	for _, r := range host {
		// The tables of x/net/idna are those of UTS #46, which lets symbols such as ☃ pass; IDNA2008 does not (RFC 5892).
		if r >= 0x80 && !unicode.In(r, unicode.L, unicode.M, unicode.Nd) && !strings.ContainsRune(idnaExceptions, r) {
			return "", NewError(InvalidURL, nil, "codepoint %U is not allowed", r)
		}
	}
	return registration.ToASCII(host)
}

// fullStops are the dots of other scripts (RFC 3490, section 3.1).
var fullStops = strings.NewReplacer("\u3002", ".", "\uff0e", ".", "\uff61", ".")

// idnaExceptions are the characters of RFC 5892, sections 2.6 and 2.8 (CONTEXTO and CONTEXTJ), that are no letters, marks or digits.
const idnaExceptions = "\u00b7\u0375\u05f3\u05f4\u30fb\u06fd\u06fe\u3007\u200c\u200d"

// decodeHost gives the Unicode form of a host, or the host itself when it has none.
func decodeHost(host string) string {
	if !strings.HasPrefix(host, "xn--") && !strings.Contains(host, ".xn--") {
		return host
	}
	decoded, err := registration.ToUnicode(host)
	if err != nil {
		return host
	}
	return decoded
}
