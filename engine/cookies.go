package engine

import (
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/publicsuffix"
)

// The limits of RFC 6265bis, section 6.1, and of browsers.
const (
	maxCookieSize       = 4096 // name and value, in bytes
	maxCookieAttribute  = 1024 // an attribute's value, in bytes; a longer one is ignored
	maxCookiesPerDomain = 180
	maxCookies          = 3000
	maxCookieAge        = 400 * 24 * time.Hour
)

// Cookie is one cookie of a jar.
type Cookie struct {
	Name, Value string
	Domain      string // "" for a cookie set by hand that goes to every host
	Path        string
	HostOnly    bool // goes to Domain alone and not to its subdomains
	Secure      bool // goes over https and wss alone
	HTTPOnly    bool
	SameSite    string    // "Strict", "Lax", "None" or ""
	Expires     time.Time // zero: the cookie lasts as long as the jar

	byHand  bool   // set by the program, never pushed out by a server's cookies
	created uint64 // the order of creation, which sending keeps
	used    uint64 // the order of last use, for pushing out
}

// Cookies is a cookie jar (RFC 6265bis), with the public suffix list. It is safe for concurrent use.
type Cookies struct {
	mu    sync.Mutex
	list  []Cookie
	clock uint64 // counts creations and uses
}

// NewCookies makes an empty jar.
func NewCookies() *Cookies { return &Cookies{} }

// Set puts a cookie into the jar by hand, in place of one of the same name, domain and path. Without a domain it goes to every host; with
// one, to it and its subdomains. Without a path it is "/". A name or value that cannot stand in a Cookie header is a ValueError.
func (c *Cookies) Set(name, value, domain, path string) error {
	if name == "" {
		return NewError(ValueError, nil, "Illegal cookie name '': a name must not be empty.")
	}
	for _, part := range [...]struct{ what, text, forbidden string }{{"name", name, "=;"}, {"value", value, ";"}} {
		for i := 0; i < len(part.text); i++ {
			if b := part.text[i]; b < 0x20 || b == 0x7f || strings.IndexByte(part.forbidden, b) >= 0 {
				return NewError(ValueError, nil, "Illegal cookie %s: invalid character %s at position %d.",
					part.what, quoted(part.text[i:i+1]), i)
			}
		}
	}
	if path == "" {
		path = "/"
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.put(Cookie{Name: name, Value: value, Domain: domain, Path: path, byHand: true})
	return nil
}

// put adds or replaces a cookie; one that replaces keeps the place of the old one in the order.
func (c *Cookies) put(cookie Cookie) {
	c.clock++
	cookie.created, cookie.used = c.clock, c.clock
	if i := c.index(cookie.Name, cookie.Domain, cookie.Path); i >= 0 {
		cookie.created = c.list[i].created
		c.list[i] = cookie
		return
	}
	c.list = append(c.list, cookie)
}

func (c *Cookies) index(name, domain, path string) int {
	return slices.IndexFunc(c.list, func(k Cookie) bool {
		return k.Name == name && k.Path == path && sameDomain(k.Domain, domain)
	})
}

// Get gives the value of the cookie of a name; a domain and a path, when not "", must be the cookie's. More than one such cookie
// is a CookieConflict.
func (c *Cookies) Get(name, domain, path string) (string, bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	value, found := "", false
	for _, cookie := range c.list {
		if cookie.Name == name && cookie.selected(domain, path) {
			if found {
				return "", false, NewError(CookieConflict, nil, "Multiple cookies exist with name=%s", name)
			}
			value, found = cookie.Value, true
		}
	}
	return value, found, nil
}

// selected tells whether a cookie has a domain and a path, where "" stands for any.
func (k Cookie) selected(domain, path string) bool {
	return (domain == "" || sameDomain(k.Domain, domain)) && (path == "" || k.Path == path)
}

// Delete removes the cookies of a name; a domain and a path, when not "", must be theirs. It tells whether there were any.
func (c *Cookies) Delete(name, domain, path string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := len(c.list)
	c.list = slices.DeleteFunc(c.list, func(k Cookie) bool { return k.Name == name && k.selected(domain, path) })
	return len(c.list) < before
}

// Clear removes all cookies, or those of a domain, or those of a domain and a path.
func (c *Cookies) Clear(domain, path string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = slices.DeleteFunc(c.list, func(k Cookie) bool { return k.selected(domain, path) })
}

// Update puts all cookies of other into this jar.
func (c *Cookies) Update(other *Cookies) {
	if other == nil || other == c {
		return
	}
	theirs := other.All()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, cookie := range theirs {
		c.put(cookie)
	}
}

// Extract stores the cookies that a response to u sets with the Set-Cookie fields of h, at the time now. Those that break a rule of
// RFC 6265bis are ignored, and those that have expired are removed.
func (c *Cookies) Extract(u *URL, h *Headers, now time.Time) {
	var cookies []Cookie
	for _, field := range h.Raw() {
		if equalFoldASCII(field[0], "set-cookie") {
			if cookie, ok := parseSetCookie(field[1], u, now); ok {
				cookies = append(cookies, cookie)
			}
		}
	}
	if len(cookies) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, cookie := range cookies {
		if !isSecureScheme(u.Scheme()) && c.overlaysSecure(cookie) {
			continue
		}
		c.put(cookie)
		c.list = slices.DeleteFunc(c.list, func(k Cookie) bool { return k.expired(now) })
		c.evict(cookie.Domain)
	}
}

// overlaysSecure tells whether a cookie from an insecure origin would hide a secure one (RFC 6265bis, section 5.7, step 11).
func (c *Cookies) overlaysSecure(cookie Cookie) bool {
	return slices.ContainsFunc(c.list, func(k Cookie) bool {
		return k.Secure && k.Name == cookie.Name && (domainMatch(k.Domain, cookie.Domain) || domainMatch(cookie.Domain, k.Domain)) &&
			pathMatch(cookie.Path, k.Path)
	})
}

// evict pushes out the cookies used longest ago, insecure ones first, until the jar is within its limits.
func (c *Cookies) evict(domain string) {
	for {
		inDomain, fromServers := 0, 0
		for _, k := range c.list {
			if !k.byHand {
				fromServers++
				if k.Domain == domain {
					inDomain++
				}
			}
		}
		var candidates func(Cookie) bool
		switch {
		case inDomain > maxCookiesPerDomain:
			candidates = func(k Cookie) bool { return !k.byHand && k.Domain == domain }
		case fromServers > maxCookies:
			candidates = func(k Cookie) bool { return !k.byHand }
		default:
			return
		}
		oldest := -1
		for i, k := range c.list {
			if !candidates(k) {
				continue
			}
			if oldest < 0 || c.list[oldest].Secure && !k.Secure || c.list[oldest].Secure == k.Secure && k.used < c.list[oldest].used {
				oldest = i
			}
		}
		c.list = slices.Delete(c.list, oldest, oldest+1)
	}
}

// Header gives the value of the Cookie header of a request to u at the time now, "" when no cookie goes there. Longer paths come
// first, then older cookies.
func (c *Cookies) Header(u *URL, now time.Time) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.list) == 0 {
		return ""
	}
	host, path, secure := u.RawHost(), requestPath(u), isSecureScheme(u.Scheme())
	var sent []*Cookie
	for i := range c.list {
		k := &c.list[i]
		if k.goesTo(host) && pathMatch(path, k.Path) && (secure || !k.Secure) && !k.expired(now) {
			sent = append(sent, k)
		}
	}
	slices.SortStableFunc(sent, func(a, b *Cookie) int {
		if len(a.Path) != len(b.Path) {
			return len(b.Path) - len(a.Path)
		}
		return int(a.created) - int(b.created)
	})
	var b strings.Builder
	for i, k := range sent {
		c.clock++
		k.used = c.clock
		if i > 0 {
			b.WriteString("; ")
		}
		b.WriteString(k.Name)
		b.WriteByte('=')
		b.WriteString(k.Value)
	}
	return b.String()
}

// All gives the cookies in the order in which they came. The slice is the caller's.
func (c *Cookies) All() []Cookie {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := slices.Clone(c.list)
	slices.SortFunc(list, func(a, b Cookie) int { return int(a.created) - int(b.created) })
	return list
}

// Len is the number of cookies.
func (c *Cookies) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.list)
}

// Clone gives an independent copy.
func (c *Cookies) Clone() *Cookies {
	c.mu.Lock()
	defer c.mu.Unlock()
	return &Cookies{list: slices.Clone(c.list), clock: c.clock}
}

// Equal compares names, values, domains and paths, without regard to order.
func (c *Cookies) Equal(other *Cookies) bool {
	if c == nil || other == nil || c == other {
		return c == other
	}
	keys := func(list []Cookie) []string {
		var keys []string
		for _, k := range list {
			keys = append(keys, strings.Join([]string{canonicalDomain(k.Domain), k.Path, k.Name, k.Value}, "\x00"))
		}
		slices.Sort(keys)
		return keys
	}
	return slices.Equal(keys(c.All()), keys(other.All()))
}

// String is HTTPX's repr: <Cookies[<Cookie a=1 for x.org />]>.
func (c *Cookies) String() string {
	var b strings.Builder
	b.WriteString("<Cookies[")
	for i, k := range c.All() {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("<Cookie " + k.Name + "=" + k.Value + " for " + k.Domain + " />")
	}
	b.WriteString("]>")
	return b.String()
}

func (k Cookie) expired(now time.Time) bool { return !k.Expires.IsZero() && !k.Expires.After(now) }

func (k Cookie) goesTo(host string) bool {
	switch {
	case k.Domain == "":
		return true
	case k.HostOnly:
		return k.Domain == host
	}
	return domainMatch(host, canonicalDomain(k.Domain))
}

func isSecureScheme(scheme string) bool { return scheme == "https" || scheme == "wss" }

func requestPath(u *URL) string {
	if u.path == "" {
		return "/"
	}
	return u.path
}

// sameDomain compares two domains as they are written by hand or by a server: a leading dot and case do not count.
func sameDomain(a, b string) bool { return a == b || canonicalDomain(a) == canonicalDomain(b) }

// canonicalDomain gives a domain in lower case, in ASCII and without a leading dot.
func canonicalDomain(domain string) string {
	domain = strings.TrimPrefix(domain, ".")
	if host, err := encodeHost(domain); err == nil {
		return host
	}
	return lowerASCII(domain)
}

// domainMatch is RFC 6265bis, section 5.1.3, for canonical names.
func domainMatch(host, domain string) bool {
	if host == domain {
		return true
	}
	if domain == "" || !strings.HasSuffix(host, domain) || host[len(host)-len(domain)-1] != '.' {
		return false
	}
	_, err := netip.ParseAddr(host)
	return err != nil
}

// pathMatch is RFC 6265bis, section 5.1.4.
func pathMatch(path, cookiePath string) bool {
	if !strings.HasPrefix(path, cookiePath) {
		return false
	}
	return len(path) == len(cookiePath) || strings.HasSuffix(cookiePath, "/") || path[len(cookiePath)] == '/'
}

// isPublicSuffix tells whether a domain is one under which anyone may register a name.
func isPublicSuffix(domain string) bool {
	suffix, _ := publicsuffix.PublicSuffix(domain)
	return suffix == domain
}
