package engine

import (
	"net/netip"
	"strings"
)

// Proxy is a proxy server. Its credentials are kept apart from its URL and go to the proxy alone.
type Proxy struct {
	URL      *URL // http, https, socks5 or socks5h, without userinfo
	Username string
	Password string
	Headers  *Headers // sent to the proxy only; may be nil
}

// NewProxy parses a proxy URL. Userinfo is taken out of it. A scheme that is no proxy scheme is a ValueError.
func NewProxy(rawURL string, headers *Headers) (*Proxy, error) {
	u, err := ParseURL(rawURL)
	if err != nil {
		return nil, err
	}
	switch u.Scheme() {
	case "http", "https", "socks5", "socks5h":
	default:
		return nil, NewError(ValueError, nil, "Unknown scheme for proxy URL URL(%s)", quoted(u.Masked()))
	}
	if u.Host() == "" {
		return nil, NewError(ValueError, nil, "the proxy URL %s names no host", quoted(u.Masked()))
	}
	p := &Proxy{URL: u, Username: u.Username(), Password: u.Password(), Headers: headers}
	none := ""
	if p.URL, err = u.CopyWith(URLComponents{Userinfo: &none}); err != nil {
		return nil, err
	}
	return p, nil
}

// String is HTTPX's repr, with the credentials masked.
func (p *Proxy) String() string {
	s := "Proxy(" + quoted(p.URL.String())
	if p.Username != "" || p.Password != "" {
		s += ", auth=(" + quoted(p.Username) + ", '********')"
	}
	if p.Headers != nil && p.Headers.Len() > 0 {
		s += ", headers=" + p.Headers.String()
	}
	return s + ")"
}

// ProxyRule is what the environment says about the URLs that match Pattern: Proxy, or to go direct when that is nil.
type ProxyRule struct {
	Pattern string
	Proxy   *Proxy
}

// EnvironmentProxies reads HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY (the lower-case spelling wins) as HTTPX does; getenv
// is os.Getenv in a program. HTTP_PROXY in upper case is ignored when REQUEST_METHOD is set, for it may then come from a
// request header. A value that is no proxy URL is an error that names the variable: going direct instead would be unsafe.
func EnvironmentProxies(getenv func(string) string) ([]ProxyRule, error) {
	var rules []ProxyRule
	for _, scheme := range []string{"http", "https", "all"} {
		name := scheme + "_proxy"
		value := getenv(name)
		if value == "" && !(scheme == "http" && getenv("REQUEST_METHOD") != "") {
			name = strings.ToUpper(name)
			value = getenv(name)
		}
		if value == "" {
			continue
		}
		if !strings.Contains(value, "://") {
			value = "http://" + value
		}
		proxy, err := NewProxy(value, nil)
		if err != nil {
			// The text of the error may quote the value, and with it a password.
			return nil, NewError(ValueError, nil, "the environment variable %s is not a proxy URL (http, https, socks5 or socks5h)", name)
		}
		rules = append(rules, ProxyRule{Pattern: scheme + "://", Proxy: proxy})
	}
	noProxy := getenv("no_proxy")
	if noProxy == "" {
		noProxy = getenv("NO_PROXY")
	}
	for _, host := range strings.Split(noProxy, ",") {
		host = strings.TrimSpace(host)
		if host == "*" {
			return nil, nil
		}
		if host != "" {
			rules = append(rules, ProxyRule{Pattern: noProxyPattern(host)})
		}
	}
	return rules, nil
}

// noProxyPattern is the mount pattern of one NO_PROXY entry.
func noProxyPattern(host string) string {
	if strings.Contains(host, "://") {
		return host
	}
	if _, err := netip.ParsePrefix(host); err == nil {
		return "all://" + host
	}
	address, _, _ := strings.Cut(host, ":")
	if _, err := netip.ParseAddr(address); err == nil {
		return "all://" + host
	}
	if address, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return "all://[" + address.String() + "]"
	}
	if strings.EqualFold(host, "localhost") {
		return "all://" + host
	}
	return "all://*" + strings.TrimPrefix(host, "*")
}
