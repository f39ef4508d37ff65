package engine

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Mount sends the URLs that match a pattern to a transport of their own. A nil transport means the client's.
type Mount struct {
	Pattern   string
	Transport Transport
}

type mount struct {
	pattern   *URLPattern
	transport Transport
}

// sortedMounts parses the patterns and puts the most specific first.
func sortedMounts(given []Mount) ([]mount, error) {
	mounts := make([]mount, len(given))
	for i, m := range given {
		pattern, err := ParseURLPattern(m.Pattern)
		if err != nil {
			return nil, err
		}
		mounts[i] = mount{pattern, m.Transport}
	}
	slices.SortStableFunc(mounts, func(a, b mount) int { return a.pattern.compare(b.pattern) })
	return mounts, nil
}

// URLPattern is HTTPX's pattern of mounts and NO_PROXY: "all://", "http://", "scheme://host", "scheme://host:port",
// "all://*example.com" (the host and its subdomains), "all://*.example.com" (the subdomains), "all://*:1234", "" (everything),
// and beyond HTTPX "all://192.168.0.0/16" (an address range).
type URLPattern struct {
	text    string
	scheme  string // "" is any
	host    string // "" is any
	port    int    // -1 is any
	network netip.Prefix
}

// ParseURLPattern parses a pattern. A plain scheme such as "http" is a ValueError, as in HTTPX.
func ParseURLPattern(pattern string) (*URLPattern, error) {
	p := &URLPattern{text: pattern, port: -1}
	if pattern == "" {
		return p, nil
	}
	scheme, rest, found := strings.Cut(pattern, "://")
	if !found {
		return nil, NewError(ValueError, nil, "Proxy keys should use proper URL forms rather than plain scheme strings. "+
			"Instead of \"%s\", use \"%s://\"", pattern, pattern)
	}
	if p.scheme = strings.ToLower(scheme); p.scheme == "all" {
		p.scheme = ""
	}
	if network, err := netip.ParsePrefix(strings.Trim(rest, "[]")); err == nil {
		p.network, p.host = network.Masked(), rest
		return p, nil
	}
	rest, _, _ = strings.Cut(rest, "/")
	if colon := strings.LastIndexByte(rest, ':'); colon > strings.LastIndexByte(rest, ']') {
		port, err := strconv.ParseUint(rest[colon+1:], 10, 16)
		if err != nil {
			return nil, NewError(ValueError, nil, "invalid port in the URL pattern %s", quoted(pattern))
		}
		p.port, rest = int(port), rest[:colon]
	}
	if rest != "*" {
		p.host = strings.ToLower(strings.Trim(rest, "[]"))
	}
	return p, nil
}

// String is the pattern as it was written.
func (p *URLPattern) String() string { return p.text }

// Matches tells whether the pattern covers u.
func (p *URLPattern) Matches(u *URL) bool {
	if p.scheme != "" && p.scheme != u.Scheme() {
		return false
	}
	if p.port != -1 {
		port, explicit := u.Port()
		if !explicit {
			port = defaultPorts[u.Scheme()]
		}
		if port != p.port {
			return false
		}
	}
	if p.network.IsValid() {
		address, err := netip.ParseAddr(u.RawHost())
		return err == nil && p.network.Contains(address.Unmap())
	}
	return p.host == "" || p.matchesHost(u.RawHost()) || p.matchesHost(u.Host())
}

func (p *URLPattern) matchesHost(host string) bool {
	domain, wild := strings.CutPrefix(p.host, "*")
	if !wild {
		return host == p.host
	}
	if below, subdomainsOnly := strings.CutPrefix(domain, "."); subdomainsOnly {
		return len(host) > len(domain) && strings.HasSuffix(host, "."+below)
	}
	return host == domain || strings.HasSuffix(host, "."+domain)
}

// compare puts a pattern with a port first, then the longer host, then the longer scheme.
func (p *URLPattern) compare(other *URLPattern) int {
	if (p.port != -1) != (other.port != -1) {
		if p.port != -1 {
			return -1
		}
		return 1
	}
	if p.host != other.host {
		if d := len(other.host) - len(p.host); d != 0 {
			return d
		}
	}
	return len(other.scheme) - len(p.scheme)
}
