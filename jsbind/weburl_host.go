package jsbind

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// The URL standard's host parser (https://url.spec.whatwg.org/#host-parsing).

// idnaProfile is Unicode's ToASCII as the URL standard asks for it: not strict, not transitional.
var idnaProfile = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.StrictDomainName(false), idna.CheckHyphens(false),
	idna.CheckJoiners(true), idna.BidiRule(), idna.VerifyDNSLength(false))

// maxUnicodeDomain bounds a domain that is not ASCII, in bytes: encoding it takes time in the square of its length.
const maxUnicodeDomain = 1 << 12

var (
	errIPv4       = errors.New("its host ends in a number and is not an IPv4 address")
	errIPv6       = errors.New("its host is not an IPv6 address")
	errIPv6Open   = errors.New("its IPv6 address has no closing ]")
	errHostEscape = errors.New("its host does not decode to valid UTF-8")
)

// forbiddenHost are the code points that no host has; a domain has no control characters and no % either.
const forbiddenHost = "\x00\t\n\r #/:<>?@[\\]^|"

// parseHost parses a host and returns it as it is serialised.
func parseHost(text string, opaque bool) (string, error) {
	if strings.HasPrefix(text, "[") {
		if !strings.HasSuffix(text, "]") {
			return "", errIPv6Open
		}
		address, ok := parseIPv6(text[1 : len(text)-1])
		if !ok {
			return "", errIPv6
		}
		return "[" + formatIPv6(address) + "]", nil
	}
	if opaque {
		if i := strings.IndexAny(text, forbiddenHost); i >= 0 {
			return "", forbidden(text[i])
		}
		return escapeControl.escape(text), nil
	}
	domain := unescape(text)
	if !utf8.ValidString(domain) {
		return "", errHostEscape
	}
	domain, err := asciiDomain(domain)
	if err != nil {
		return "", err
	}
	if endsInNumber(domain) {
		address, ok := parseIPv4(domain)
		if !ok {
			return "", errIPv4
		}
		return fmt.Sprintf("%d.%d.%d.%d", address>>24, address>>16&0xFF, address>>8&0xFF, address&0xFF), nil
	}
	return domain, nil
}

func forbidden(c byte) error {
	return fmt.Errorf("its host has the character %q, which no host may have", rune(c))
}

// asciiDomain is the standard's domain parser, not strict. An ASCII domain is taken as it is, whatever its xn-- labels
// decode to.
func asciiDomain(domain string) (string, error) {
	if isASCII(domain) {
		domain = lowerASCII(domain)
	} else {
		if len(domain) > maxUnicodeDomain {
			return "", fmt.Errorf("its host is longer than %d bytes", maxUnicodeDomain)
		}
		ascii, err := idnaProfile.ToASCII(domain)
		if err != nil {
			return "", fmt.Errorf("its host %q is not a valid international domain name", domain)
		}
		domain = ascii
	}
	if domain == "" {
		return "", errNoHost
	}
	for i := range len(domain) {
		if c := domain[i]; c < 0x20 || c == '%' || c == 0x7F || strings.IndexByte(forbiddenHost, c) >= 0 {
			return "", forbidden(c)
		}
	}
	return domain, nil
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func lowerASCII(text string) string {
	return strings.Map(func(c rune) rune {
		if 'A' <= c && c <= 'Z' {
			return c | 0x20
		}
		return c
	}, text)
}

// endsInNumber tells of a host that has to be an IPv4 address.
func endsInNumber(host string) bool {
	host = strings.TrimSuffix(host, ".")
	last := host[strings.LastIndexByte(host, '.')+1:]
	if last != "" && strings.Trim(last, "0123456789") == "" {
		return true
	}
	_, ok := ipv4Number(last)
	return ok
}

func parseIPv4(host string) (uint32, bool) {
	host = strings.TrimSuffix(host, ".")
	if strings.Count(host, ".") > 3 {
		return 0, false
	}
	var address uint64
	parts := strings.Split(host, ".")
	for i, part := range parts {
		n, ok := ipv4Number(part)
		if !ok {
			return 0, false
		}
		if i < len(parts)-1 {
			if n > 0xFF {
				return 0, false
			}
			address |= n << (24 - 8*i)
			continue
		}
		if n >= 1<<(8*(5-len(parts))) {
			return 0, false
		}
		address |= n
	}
	return uint32(address), true
}

// ipv4Number reads a decimal, octal (0…) or hexadecimal (0x…) number. One that is too large for anything comes back as
// the largest.
func ipv4Number(text string) (uint64, bool) {
	base := 10
	switch {
	case text == "":
		return 0, false
	case len(text) >= 2 && strings.EqualFold(text[:2], "0x"):
		text, base = text[2:], 16
	case len(text) >= 2 && text[0] == '0':
		text, base = text[1:], 8
	}
	if text == "" {
		return 0, true
	}
	n, err := strconv.ParseUint(text, base, 64)
	if errors.Is(err, strconv.ErrRange) {
		return math.MaxUint64, true
	}
	return n, err == nil
}

func parseIPv6(text string) (address [8]uint16, ok bool) {
	at := func(i int) rune {
		if i < len(text) {
			return rune(text[i])
		}
		return endOfInput
	}
	i, piece, compress := 0, 0, -1
	if at(0) == ':' {
		if at(1) != ':' {
			return address, false
		}
		i, piece, compress = 2, 1, 1
	}
	for i < len(text) {
		if piece == 8 {
			return address, false
		}
		if at(i) == ':' {
			if compress >= 0 {
				return address, false
			}
			i++
			piece++
			compress = piece
			continue
		}
		value, length := uint16(0), 0
		for ; length < 4 && isHex(at(i)); length++ {
			value = value<<4 | uint16(hexValue(text[i]))
			i++
		}
		switch at(i) {
		case '.':
			if length == 0 || piece > 6 {
				return address, false
			}
			high, low, ok := embeddedIPv4(text[i-length:])
			if !ok {
				return address, false
			}
			address[piece], address[piece+1] = high, low
			piece += 2
			i = len(text)
			continue
		case ':':
			i++
			if i == len(text) {
				return address, false
			}
		case endOfInput:
		default:
			return address, false
		}
		address[piece] = value
		piece++
	}
	if compress < 0 {
		return address, piece == 8
	}
	for swaps, to := piece-compress, 7; to != 0 && swaps > 0; swaps, to = swaps-1, to-1 {
		from := compress + swaps - 1
		address[to], address[from] = address[from], address[to]
	}
	return address, true
}

// embeddedIPv4 reads the four decimal numbers at the end of an IPv6 address.
func embeddedIPv4(text string) (high, low uint16, ok bool) {
	parts := strings.SplitN(text, ".", 5)
	if len(parts) != 4 {
		return 0, 0, false
	}
	var bytes [4]uint16
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 10, 8)
		if err != nil || part[0] == '0' && part != "0" {
			return 0, 0, false
		}
		bytes[i] = uint16(n)
	}
	return bytes[0]<<8 | bytes[1], bytes[2]<<8 | bytes[3], true
}

func formatIPv6(address [8]uint16) string {
	from, size := longestZeros(address)
	var b strings.Builder
	for i := 0; i < len(address); i++ {
		if i == from {
			b.WriteString("::")
			i += size - 1
			continue
		}
		if i > 0 && i != from+size {
			b.WriteByte(':')
		}
		b.WriteString(strconv.FormatUint(uint64(address[i]), 16))
	}
	return b.String()
}

// longestZeros finds the first of the longest runs of two or more zeros; from is -1 for none.
func longestZeros(address [8]uint16) (from, size int) {
	from, size = -1, 1
	for i := 0; i < len(address); i++ {
		n := 0
		for i+n < len(address) && address[i+n] == 0 {
			n++
		}
		if n > size {
			from, size = i, n
		}
		i += n
	}
	return from, size
}
