package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

var cookieNow = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func setCookies(values ...string) *Headers {
	h := NewHeaders(nil)
	for _, value := range values {
		h.Add("Set-Cookie", value)
	}
	return h
}

func TestCookiesMapping(t *testing.T) {
	t.Run("CM01 set, get, delete", func(t *testing.T) {
		c := NewCookies()
		if err := c.Set("name", "value", "", ""); err != nil {
			t.Fatal(err)
		}
		if value, ok, err := c.Get("name", "", ""); value != "value" || !ok || err != nil || c.Len() != 1 {
			t.Errorf("got %q, %v, %v", value, ok, err)
		}
		c.Set("name", "other", "", "/")
		if value, _, _ := c.Get("name", "", ""); value != "other" || c.Len() != 1 {
			t.Errorf("got %q of %d", value, c.Len())
		}
		if !c.Delete("name", "", "") || c.Delete("name", "", "") || c.Len() != 0 {
			t.Error("not deleted once")
		}
		if _, ok, err := c.Get("name", "", ""); ok || err != nil {
			t.Errorf("got %v, %v", ok, err)
		}
	})
	t.Run("CM02 update keeps domains", func(t *testing.T) {
		a, b := NewCookies(), NewCookies()
		a.Set("name", "value", "a.org", "/")
		b.Set("name", "old", "a.org", "/")
		b.Update(a)
		b.Update(b)
		if !a.Equal(b) || b.String() != "<Cookies[<Cookie name=value for a.org />]>" {
			t.Errorf("got %v", b)
		}
	})
	t.Run("CM03 two domains", func(t *testing.T) {
		c := NewCookies()
		c.Set("name", "1", "http://a.com", "/")
		c.Set("name", "2", "http://b.com", "/")
		_, _, err := c.Get("name", "", "")
		if !errors.Is(err, CookieConflict) || err.Error() != "Multiple cookies exist with name=name" {
			t.Errorf("got %v", err)
		}
		if value, _, err := c.Get("name", "http://a.com", ""); value != "1" || err != nil {
			t.Errorf("got %q, %v", value, err)
		}
		c.Clear("http://a.com", "")
		if value, _, err := c.Get("name", "", ""); value != "2" || err != nil {
			t.Errorf("got %q, %v", value, err)
		}
	})
	t.Run("CM04 domain and path", func(t *testing.T) {
		c := NewCookies()
		c.Set("a", "1", "x.org", "/p")
		c.Set("a", "2", "x.org", "/q")
		c.Set("b", "3", "x.org", "/p")
		c.Delete("a", ".X.org", "/p")
		if value, _, err := c.Get("a", "", ""); value != "2" || err != nil {
			t.Errorf("got %q, %v", value, err)
		}
		c.Clear("x.org", "/p")
		if c.String() != "<Cookies[<Cookie a=2 for x.org />]>" {
			t.Errorf("got %v", c)
		}
		c.Clear("", "")
		if c.Len() != 0 || c.String() != "<Cookies[]>" {
			t.Errorf("got %v", c)
		}
	})
	t.Run("CM05 Expires with a comma", func(t *testing.T) {
		c := NewCookies()
		c.Extract(mustParse(t, "https://www.example.com/"), setCookies(
			"1P_JAR=2020-08-09-18; expires=Tue, 08-Sep-2026 18:33:35 GMT; path=/; domain=.example.com; Secure",
			"NID=204=KWd; expires=Mon, 08-Feb-2027 18:33:35 GMT; path=/; domain=.example.com; HttpOnly"), cookieNow)
		if c.String() != "<Cookies[<Cookie 1P_JAR=2020-08-09-18 for example.com />, <Cookie NID=204=KWd for example.com />]>" {
			t.Errorf("got %v", c)
		}
		first := c.All()[0]
		if !first.Secure || first.HTTPOnly || first.HostOnly || !first.Expires.Equal(time.Date(2026, 9, 8, 18, 33, 35, 0, time.UTC)) {
			t.Errorf("got %+v", first)
		}
	})
	t.Run("equality", func(t *testing.T) {
		a, b := NewCookies(), NewCookies()
		a.Set("a", "1", "", "")
		a.Set("b", "2", ".X.org", "")
		b.Set("b", "2", "x.org", "")
		b.Set("a", "1", "", "")
		if !a.Equal(b) || !a.Equal(a.Clone()) || a.Equal(NewCookies()) || a.Equal(nil) {
			t.Error("wrong equality")
		}
		clone := a.Clone()
		clone.Set("c", "3", "", "")
		if a.Len() != 2 {
			t.Error("the clone is not independent")
		}
	})
	t.Run("R15 what cannot stand in a header", func(t *testing.T) {
		for _, bad := range [][2]string{{"a\r\n", "1"}, {"a", "1\n"}, {"a", "1; b=2"}, {"a=b", "1"}, {"a", "\x00"}, {"", "1"}} {
			c := NewCookies()
			if err := c.Set(bad[0], bad[1], "", ""); !errors.Is(err, ValueError) || c.Len() != 0 {
				t.Errorf("%q: %v", bad, err)
			}
		}
	})
}

func TestCookiesSent(t *testing.T) {
	for _, test := range []struct {
		name, from string
		set        []string
		to, want   string
	}{
		{"CK04 back to the host", "http://x.org/", []string{"a=1"}, "http://x.org/p", "a=1"},
		{"CK05 joined", "http://x.org/", []string{"a=1", "b=2"}, "http://x.org/", "a=1; b=2"},
		{"CK05 longer paths first", "http://x.org/p/q", []string{"a=1; Path=/", "b=2; Path=/p"}, "http://x.org/p/q", "b=2; a=1"},
		{"CK07 a host-only cookie stays", "http://x.org/", []string{"a=1"}, "http://www.x.org/", ""},
		{"CK07 a domain cookie goes to subdomains", "http://x.org/", []string{"a=1; Domain=x.org"}, "http://www.x.org/", "a=1"},
		{"CK07 set by a subdomain", "http://www.x.org/", []string{"a=1; Domain=.X.org"}, "http://other.x.org/", "a=1"},
		{"CK07 no other site", "http://x.org/", []string{"a=1; Domain=y.org"}, "http://y.org/", ""},
		{"CK07 no subdomain of itself", "http://x.org/", []string{"a=1; Domain=www.x.org"}, "http://www.x.org/", ""},
		{"CK07 a name that only ends alike", "http://ax.org/", []string{"a=1; Domain=x.org"}, "http://x.org/", ""},
		{"R15 public suffix", "http://x.co.uk/", []string{"a=1; Domain=co.uk"}, "http://x.co.uk/", ""},
		{"R15 private suffix", "http://x.github.io/", []string{"a=1; Domain=github.io"}, "http://y.github.io/", ""},
		{"R15 a suffix sets its own", "http://github.io/", []string{"a=1; Domain=github.io"}, "http://github.io/", "a=1"},
		{"R15 and no more than that", "http://github.io/", []string{"a=1; Domain=github.io"}, "http://y.github.io/", ""},
		{"R15 case of the suffix", "http://x.co.uk/", []string{"a=1; Domain=cO.Uk"}, "http://x.co.uk/", ""},
		{"R15 IDNA domain", "http://www.müller.de/", []string{"a=1; Domain=xn--mller-kva.de"}, "http://müller.de/", "a=1"},
		{"R15 an empty domain", "http://x.org/", []string{"a=1; Domain="}, "http://x.org/", "a=1"},
		{"R15 addresses", "http://127.0.0.1/", []string{"a=1; Domain=127.0.0.1"}, "http://127.0.0.1/", "a=1"},
		{"R15 no part of an address", "http://127.0.0.1/", []string{"a=1; Domain=0.0.1"}, "http://127.0.0.1/", ""},
		{"CK09 localhost", "http://localhost:8000/", []string{"a=1"}, "http://localhost:9000/", "a=1"},
		{"CK08 Secure over https", "https://x.org/", []string{"a=1; Secure"}, "https://x.org/", "a=1"},
		{"CK08 Secure not over http", "https://x.org/", []string{"a=1; Secure"}, "http://x.org/", ""},
		{"CK08 Secure over wss", "https://x.org/", []string{"a=1; Secure"}, "wss://x.org/", "a=1"},
		{"R15 Secure not set over http", "http://x.org/", []string{"a=1; Secure"}, "https://x.org/", ""},
		{"CK08 path prefix", "http://x.org/", []string{"a=1; Path=/p"}, "http://x.org/p/q", "a=1"},
		{"CK08 path, not a prefix of a name", "http://x.org/", []string{"a=1; Path=/p"}, "http://x.org/pq", ""},
		{"CK08 default path", "http://x.org/p/q", []string{"a=1"}, "http://x.org/p/r", "a=1"},
		{"CK08 default path does not go up", "http://x.org/p/q", []string{"a=1"}, "http://x.org/r", ""},
		{"CK08 a path without a slash", "http://x.org/p/q", []string{"a=1; Path=r"}, "http://x.org/p/q", "a=1"},
		{"CK08 no path in the URL", "http://x.org", []string{"a=1"}, "http://x.org", "a=1"},
		{"CK08 ports do not count", "http://x.org:1/", []string{"a=1"}, "http://x.org:2/", "a=1"},
		{"CK08 expired", "http://x.org/", []string{"a=1", "a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT"}, "http://x.org/", ""},
		{"CK08 Max-Age=0", "http://x.org/", []string{"a=1", "a=2; Max-Age=0"}, "http://x.org/", ""},
		{"CK08 Max-Age wins", "http://x.org/", []string{"a=1; Max-Age=10; Expires=Thu, 01 Jan 1970 00:00:00 GMT"}, "http://x.org/", "a=1"},
		{"R15 a negative Max-Age", "http://x.org/", []string{"a=1; Max-Age=-5"}, "http://x.org/", ""},
		{"R15 a huge Max-Age", "http://x.org/", []string{"a=1; Max-Age=99999999999999999999"}, "http://x.org/", "a=1"},
		{"R15 a Max-Age that is none", "http://x.org/", []string{"a=1; Max-Age=1x"}, "http://x.org/", "a=1"},
		{"R15 replaced, in the first's place", "http://x.org/", []string{"a=1", "b=2", "a=3"}, "http://x.org/", "a=3; b=2"},
		{"R15 a value with =", "http://x.org/", []string{"a=1=2"}, "http://x.org/", "a=1=2"},
		{"R15 quotes stay", "http://x.org/", []string{`a="b c"`}, "http://x.org/", `a="b c"`},
		{"R15 no name", "http://x.org/", []string{"1", "=2", " =3"}, "http://x.org/", ""},
		{"R15 two dots before the domain", "http://x.org/", []string{"a=1; Domain=..x.org"}, "http://x.org/", ""},
		{"R15 nothing", "http://x.org/", []string{"", "=", ";a=1"}, "http://x.org/", ""},
		{"R15 white space", "http://x.org/", []string{"  a \t= 1  ;  path = / "}, "http://x.org/", "a=1"},
		{"R15 control characters", "http://x.org/", []string{"a=1\x00", "b=\x7f2", "c=3\r\nd=4", "e=5\t6"}, "http://x.org/", "e=5\t6"},
		{"R15 too long", "http://x.org/", []string{"a=" + strings.Repeat("x", maxCookieSize)}, "http://x.org/", ""},
		{"R15 a long path is ignored", "http://x.org/p/q", []string{"a=1; Path=/" + strings.Repeat("x", maxCookieAttribute)}, "http://x.org/p/r", "a=1"},
		{"__Secure- kept", "https://x.org/", []string{"__Secure-a=1; Secure"}, "https://x.org/", "__Secure-a=1"},
		{"__Secure- without Secure", "https://x.org/", []string{"__Secure-a=1", "__SECURE-b=1"}, "https://x.org/", ""},
		{"__Host- kept", "https://x.org/p/", []string{"__Host-a=1; Secure; Path=/"}, "https://x.org/", "__Host-a=1"},
		{"__Host- with a domain", "https://x.org/", []string{"__Host-a=1; Secure; Path=/; Domain=x.org"}, "https://x.org/", ""},
		{"__Host- without a path", "https://x.org/", []string{"__Host-a=1; Secure"}, "https://x.org/", ""},
		{"__Host- with another path", "https://x.org/p", []string{"__host-a=1; Secure; Path=/p"}, "https://x.org/p", ""},
		{"__Host- over http", "http://x.org/", []string{"__Host-a=1; Secure; Path=/"}, "https://x.org/", ""},
		{"no host", "/relative", []string{"a=1"}, "http://x.org/", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := NewCookies()
			c.Extract(mustParse(t, test.from), setCookies(test.set...), cookieNow)
			if got := c.Header(mustParse(t, test.to), cookieNow); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
	t.Run("CK06 set by hand without a domain", func(t *testing.T) {
		c := NewCookies()
		c.Set("a", "1", "", "")
		c.Set("b", "2", "x.org", "")
		for url, want := range map[string]string{"http://y.org/": "a=1", "https://www.x.org/p": "a=1; b=2", "http://127.0.0.1/": "a=1"} {
			if got := c.Header(mustParse(t, url), cookieNow); got != want {
				t.Errorf("to %s: %q", url, got)
			}
		}
	})
	t.Run("expires while it waits", func(t *testing.T) {
		c := NewCookies()
		u := mustParse(t, "http://x.org/")
		c.Extract(u, setCookies("a=1; Max-Age=10", "b=2"), cookieNow)
		if got := c.Header(u, cookieNow.Add(9*time.Second)); got != "a=1; b=2" {
			t.Errorf("got %q", got)
		}
		if got := c.Header(u, cookieNow.Add(10*time.Second)); got != "b=2" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("at most 400 days", func(t *testing.T) {
		c := NewCookies()
		c.Extract(mustParse(t, "http://x.org/"), setCookies("a=1; Max-Age=999999999", "b=2; Expires=Fri, 31 Dec 9999 23:59:59 GMT"), cookieNow)
		for _, k := range c.All() {
			if !k.Expires.Equal(cookieNow.Add(maxCookieAge)) {
				t.Errorf("%s expires %v", k.Name, k.Expires)
			}
		}
	})
	t.Run("an insecure origin does not overlay a secure cookie", func(t *testing.T) {
		c := NewCookies()
		c.Extract(mustParse(t, "https://x.org/"), setCookies("a=1; Secure; Path=/login"), cookieNow)
		c.Extract(mustParse(t, "http://www.x.org/"), setCookies("a=2; Domain=x.org; Path=/login/en", "a=3; Domain=x.org; Path=/"), cookieNow)
		if got := c.String(); got != "<Cookies[<Cookie a=1 for x.org />, <Cookie a=3 for x.org />]>" {
			t.Errorf("got %s", got)
		}
	})
	t.Run("SameSite is stored", func(t *testing.T) {
		c := NewCookies()
		c.Extract(mustParse(t, "https://x.org/"), setCookies("a=1; SameSite=lax", "b=1; SameSite=bogus; HttpOnly"), cookieNow)
		if all := c.All(); all[0].SameSite != "Lax" || all[1].SameSite != "" || !all[1].HTTPOnly {
			t.Errorf("got %+v", all)
		}
	})
}

func TestCookiesLimits(t *testing.T) {
	c := NewCookies()
	c.Set("byhand", "1", "", "")
	u := mustParse(t, "https://x.org/")
	for i := range maxCookiesPerDomain + 20 {
		secure := ""
		if i < 5 {
			secure = "; Secure"
		}
		c.Extract(u, setCookies(fmt.Sprintf("c%d=1%s", i, secure)), cookieNow)
	}
	if c.Len() != maxCookiesPerDomain+1 {
		t.Errorf("%d cookies", c.Len())
	}
	for name, want := range map[string]bool{"byhand": true, "c0": true, "c4": true, "c5": false, "c24": false, "c25": true, "c199": true} {
		if _, ok, _ := c.Get(name, "", ""); ok != want {
			t.Errorf("%s is there: %v", name, ok)
		}
	}
	for host := range 40 {
		var values []string
		for i := range 100 {
			values = append(values, fmt.Sprintf("c%d=1", i))
		}
		c.Extract(mustParse(t, fmt.Sprintf("https://h%d.org/", host)), setCookies(values...), cookieNow)
	}
	if c.Len() != maxCookies+1 {
		t.Errorf("%d cookies", c.Len())
	}
}

// TestCookiesCrossNoSite checks the one property that matters most on many random hosts.
func TestCookiesCrossNoSite(t *testing.T) {
	labels := []string{"a", "b", "com", "co", "uk", "github", "io", "x", "s3", "amazonaws", "jp", "kobe", "city"}
	state := uint32(1)
	next := func(n int) int {
		state = state*1664525 + 1013904223
		return int(state>>16) % n
	}
	host := func() string {
		var parts []string
		for range 1 + next(4) {
			parts = append(parts, labels[next(len(labels))])
		}
		return strings.Join(parts, ".")
	}
	for range 10_000 {
		from, domain, to := host(), host(), host()
		c := NewCookies()
		c.Extract(mustParse(t, "https://"+from+"/"), setCookies("a=1; Domain="+domain), cookieNow)
		if c.Header(mustParse(t, "https://"+to+"/"), cookieNow) == "" || from == to {
			continue
		}
		inside := func(host string) bool { return host == domain || strings.HasSuffix(host, "."+domain) }
		if !inside(from) || !inside(to) || isPublicSuffix(domain) {
			t.Fatalf("%s set a cookie for %s that went to %s", from, domain, to)
		}
	}
}

func TestCookieDate(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"Wed, 09 Jun 2027 10:18:14 GMT", "2027-06-09 10:18:14"},
		{"Wednesday, 09-Jun-27 10:18:14 GMT", "2027-06-09 10:18:14"},
		{"Wed Jun  9 10:18:14 2027", "2027-06-09 10:18:14"},
		{"9 jUNEtember 2027 1:2:3", "2027-06-09 01:02:03"},
		{"10:18:14 2027 9 Jun", "2027-06-09 10:18:14"},
		{"Wed, 09 Jun 70 00:00:00", "1970-06-09 00:00:00"},
		{"Wed, 09 Jun 69 00:00:00", "2069-06-09 00:00:00"},
		{"9 Jun 2027 10:18:14.123 PST", "2027-06-09 10:18:14"},
		{"29 Feb 2028 00:00:00", "2028-02-29 00:00:00"},
		{"29 Feb 2027 00:00:00", ""},
		{"31 Jun 2027 00:00:00", ""},
		{"9 Jun 1600 00:00:00", ""},
		{"9 Jun 2027 24:00:00", ""},
		{"9 Jun 2027 00:60:00", ""},
		{"9 Jun 2027 00:00:60", ""},
		{"9 Jun 2027", ""},
		{"Jun 2027 00:00:00", ""},
		{"9 2027 00:00:00", ""},
		{"9 Jun 00:00:00", ""},
		{"0 Jun 2027 00:00:00", ""},
		{"9 Jun 20270 00:00:00", ""},
		{"", ""},
	} {
		t.Run(test.text, func(t *testing.T) {
			got := ""
			if date, ok := parseCookieDate(test.text); ok {
				got = date.Format(time.DateTime)
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func FuzzCookies(f *testing.F) {
	f.Add("https://www.x.org/p/q", "a=1; Domain=x.org; Path=/p; Secure; HttpOnly; SameSite=Lax; Max-Age=5", "https://x.org/p")
	f.Add("http://x.co.uk/", "__Host-a=1; Domain=co.uk; Expires=Wed, 09 Jun 2027 10:18:14 GMT", "http://y.co.uk")
	f.Add("http://[::1]/", "=;;=;Expires=1:2:3 4 mar 5", "http://127.0.0.1")
	f.Fuzz(func(t *testing.T, from, value, to string) {
		source, err := ParseURL(from)
		if err != nil {
			t.Skip()
		}
		target, err := ParseURL(to)
		if err != nil {
			t.Skip()
		}
		c := NewCookies()
		c.Extract(source, setCookies(value), cookieNow)
		sent := c.Header(target, cookieNow)
		if strings.ContainsFunc(sent, func(r rune) bool { return r < 0x20 && r != '\t' || r == 0x7f }) || len(sent) > maxCookieSize+1 {
			t.Fatalf("%q", sent)
		}
		for _, k := range c.All() {
			if k.Domain == "" || !strings.HasPrefix(k.Path, "/") || k.HostOnly && k.Domain != source.RawHost() || k.expired(cookieNow) {
				t.Fatalf("%+v", k)
			}
			if sent != "" && k.Secure && !isSecureScheme(target.Scheme()) {
				t.Fatalf("a secure cookie went to %s", target)
			}
			if sent != "" && source.RawHost() != target.RawHost() && (k.HostOnly || isPublicSuffix(k.Domain)) {
				t.Fatalf("%+v went to %s", k, target)
			}
		}
		if again := c.Clone(); !slices.Equal(again.All(), c.All()) {
			t.Fatal("a clone differs")
		}
	})
}
