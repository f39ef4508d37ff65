package engine

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
	"unsafe"
)

func mustParse(t testing.TB, s string) *URL {
	t.Helper()
	u, err := ParseURL(s)
	if err != nil {
		t.Fatalf("ParseURL(%q): %v", s, err)
	}
	return u
}

func ptr[T any](v T) *T { return &v }

func TestURLComponents(t *testing.T) {
	t.Run("UR01 all components", func(t *testing.T) {
		u := mustParse(t, "https://example.org:123/path/to/somewhere?abc=123#anchor")
		port, _ := u.Port()
		query, _ := u.Query()
		got := []any{u.Scheme(), u.Host(), port, u.Path(), query, u.RawPath(), u.Fragment(), u.Netloc(), u.String()}
		want := []any{"https", "example.org", 123, "/path/to/somewhere", "abc=123", "/path/to/somewhere?abc=123", "anchor",
			"example.org:123", "https://example.org:123/path/to/somewhere?abc=123#anchor"}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("component %d: got %v, want %v", i, got[i], want[i])
			}
		}
	})
	for _, test := range []struct{ name, url, scheme, host, path, rawPath string }{
		{"UR01 empty query kept", "https://x.org/path?", "https", "x.org", "/path", "/path?"},
		{"UR01 empty scheme", "://example.com", "", "example.com", "/", "/"},
		{"UR01 empty host", "http://", "http", "", "/", "/"},
		{"UR02 unescaped path", "https://x.org/!$&'()*+,;= abc ABC 123 :/[]@", "https", "x.org", "/!$&'()*+,;= abc ABC 123 :/[]@",
			"/!$&'()*+,;=%20abc%20ABC%20123%20:/[]@"},
		{"UR02 escaped path", "https://x.org/ %61%62%63", "https", "x.org", "/ abc", "/%20%61%62%63"},
		{"UR02 unescaped query", "https://x.org/?!$&'()*+,;= abc :/[]@?", "https", "x.org", "/", "/?!$&'()*+,;=%20abc%20:/[]@?"},
		{"UR02 mixed query", "https://x.org/?a=1%20 %97%zz", "https", "x.org", "/", "/?a=1%20%20%97%zz"},
		{"UR02 unicode path", "https://x.org/ /🌟/", "https", "x.org", "/ /🌟/", "/%20/%F0%9F%8C%9F/"},
		{"UR02 bytes that are not UTF-8", "https://x.org/%ff%fe", "https", "x.org", "/\ufffd\ufffd", "/%ff%fe"},
		{"UR05 host in lower case", "https://EXAMPLE.com/", "https", "example.com", "/", "/"},
		{"UR05 space in host", "https://exam le.com/", "https", "exam%20le.com", "/", "/"},
		{"UR05 no IPv4 address", "https://023b76x43144/", "https", "023b76x43144", "/", "/"},
		{"UR07 dot segments", "https://x.org/abc/def/../ghi/./jkl", "https", "x.org", "/abc/ghi/jkl", "/abc/ghi/jkl"},
		{"UR07 dots at the root", "https://x.org/../abc", "https", "x.org", "/abc", "/abc"},
		{"UR07 dots at the end", "https://x.org/path/./to/somewhere/..", "https", "x.org", "/path/to", "/path/to"},
		{"UR07 relative", "../abc", "", "", "../abc", "../abc"},
		{"UR07 names with dots", "http://x.org/a../.b/..c", "http", "x.org", "/a../.b/..c", "/a../.b/..c"},
		{"UR17 IPv4", "https://1.2.3.4/", "https", "1.2.3.4", "/", "/"},
		{"UR17 IPv6", "https://[2001:db8::ff00:42:8329]/", "https", "2001:db8::ff00:42:8329", "/", "/"},
		{"UR17 zone", "https://[fe80::1%25eth0]/", "https", "fe80::1%25eth0", "/", "/"},
		{"UR20 localhost:8080", "localhost:8080/p", "localhost", "", "8080/p", "8080/p"},
		{"UR20 address and port", "127.0.0.1:8080/p", "", "", "127.0.0.1:8080/p", "127.0.0.1:8080/p"},
	} {
		t.Run(test.name, func(t *testing.T) {
			u := mustParse(t, test.url)
			got := [...]string{u.Scheme(), u.Host(), u.Path(), u.RawPath()}
			want := [...]string{test.scheme, test.host, test.path, test.rawPath}
			if got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
	t.Run("UR02 fragment", func(t *testing.T) {
		u := mustParse(t, "https://x.org/#!$&'()*+,;= abc :/[]@?#")
		if u.Fragment() != "!$&'()*+,;= abc :/[]@?#" || u.String() != "https://x.org/#!$&'()*+,;=%20abc%20:/[]@?#" {
			t.Errorf("%q %q", u.Fragment(), u)
		}
	})
}

func TestURLUserinfo(t *testing.T) {
	for _, test := range []struct{ name, url, userinfo, username, password string }{
		{"UR04 plain", "https://username:password@x.org", "username:password", "username", "password"},
		{"UR04 escaped", "https://username%40gmail.com:pa%20ssword@x.org", "username%40gmail.com:pa%20ssword", "username@gmail.com", "pa ssword"},
		{"UR04 unescaped", "https://username@gmail.com:pa ssword@x.org", "username%40gmail.com:pa%20ssword", "username@gmail.com", "pa ssword"},
		{"UR04 last @", "https://user name:p@ssword@x.org", "user%20name:p%40ssword", "user name", "p@ssword"},
		{"UR04 none", "https://@x.org", "", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			u := mustParse(t, test.url)
			if u.Userinfo() != test.userinfo || u.Username() != test.username || u.Password() != test.password || u.Host() != "x.org" {
				t.Errorf("got %q %q %q at %q", u.Userinfo(), u.Username(), u.Password(), u.Host())
			}
		})
	}
	t.Run("AU07 masked", func(t *testing.T) {
		u := mustParse(t, "https://user:pa%20ss@x.org:8/p?q#f")
		if u.Masked() != "https://user:[secure]@x.org:8/p?q#f" || strings.Contains(u.Masked(), "ss@") {
			t.Errorf("got %q", u.Masked())
		}
		if u := mustParse(t, "https://user@x.org/"); u.Masked() != u.String() {
			t.Errorf("got %q", u.Masked())
		}
	})
}

func TestURLPort(t *testing.T) {
	for _, test := range []struct {
		name, url, text string
		port            int
	}{
		{"UR06 explicit", "https://x.org:123/", "https://x.org:123/", 123},
		{"UR06 default", "https://x.org:443/", "https://x.org/", -1},
		{"UR06 empty", "https://x.org:/", "https://x.org/", -1},
		{"UR06 default with zeros", "http://x.org:0080/", "http://x.org/", -1},
		{"UR06 ws", "ws://x.org:80/", "ws://x.org/", -1},
		{"UR06 ftp", "ftp://x.org:21/", "ftp://x.org/", -1},
		{"UR19 upper-case scheme", "HTTP://X.ORG:80/", "http://x.org/", -1},
		{"UR21 port 0", "http://x.org:0/", "http://x.org:0/", 0},
		{"UR21 largest", "http://x.org:65535/", "http://x.org:65535/", 65535},
		{"UR17 IPv6 and port", "http://[::ffff:192.168.0.1]:5678/", "http://[::ffff:192.168.0.1]:5678/", 5678},
	} {
		t.Run(test.name, func(t *testing.T) {
			u := mustParse(t, test.url)
			port, ok := u.Port()
			if !ok {
				port = -1
			}
			if port != test.port || u.String() != test.text {
				t.Errorf("got %d %q", port, u)
			}
		})
	}
}

func TestURLErrors(t *testing.T) {
	for _, test := range []struct{ name, url, message string }{
		{"UR06 port", "https://x.org:abc/", "Invalid port: 'abc'"},
		{"UR06 signed port", "https://x.org:+80/", "Invalid port: '+80'"},
		{"UR21 port range", "https://x.org:65536/", "Invalid port: '65536'"},
		{"UR21 huge port", "https://x.org:99999999999999999999999/", "Invalid port: '99999999999999999999999'"},
		{"UR08 emoji", "https://😇/", "Invalid IDNA hostname: '😇'"},
		{"UR08 snowman", "https://☃.com/", "Invalid IDNA hostname: '☃.com'"},
		{"UR09 length", "https://x.org/" + strings.Repeat("x", 100_000), "URL too long"},
		{"UR10 newline", "https://www.example.com/\n", `Invalid non-printable ASCII character in URL, '\n' at position 24.`},
		{"UR10 NUL after other characters", "https://é/\x00", `Invalid non-printable ASCII character in URL, '\x00' at position 10.`},
		{"UR10 DEL", "\x7f", `Invalid non-printable ASCII character in URL, '\x7f' at position 0.`},
		{"UR11 slashes", "////a", "Relative URLs cannot have a path starting with '//'"},
		{"UR11 colon", "::a", "Relative URLs cannot have a path starting with ':'"},
		{"UR17 IPv4", "https://999.999.999.999/", "Invalid IPv4 address: '999.999.999.999'"},
		{"UR17 IPv4 with leading zeros", "https://01.2.3.4/", "Invalid IPv4 address: '01.2.3.4'"},
		{"UR17 IPv6", "https://[2001]/", "Invalid IPv6 address: '[2001]'"},
		{"UR17 IPv4 in brackets", "https://[1.2.3.4]/", "Invalid IPv6 address: '[1.2.3.4]'"},
		{"UR17 zone", "https://[fe80::1%a b]/", "Invalid IPv6 address: '[fe80::1%a b]'"},
		{"UR17 text after the address", "https://[::1]evil/", "Invalid port: 'evil'"},
		{"UR14 CVE-2021-41945", "https://u:p@[invalid!]//evilHost/path?t=w#tw", "Invalid IPv6 address: '[invalid!]'"},
	} {
		t.Run(test.name, func(t *testing.T) {
			u, err := ParseURL(test.url)
			if !errors.Is(err, InvalidURL) || err.Error() != test.message {
				t.Errorf("got %v, %v", u, err)
			}
		})
	}
	t.Run("UR09 characters, not bytes", func(t *testing.T) {
		mustParse(t, "/"+strings.Repeat("é", maxURLLength-1))
	})
}

func TestURLIDNA(t *testing.T) {
	for _, test := range []struct{ url, same, host, raw string }{
		{"http://中国.icom.museum:80/", "http://xn--fiqs8s.icom.museum:80/", "中国.icom.museum", "xn--fiqs8s.icom.museum"},
		{"http://Königsgäßchen.de", "http://xn--knigsgchen-b4a3dun.de", "königsgäßchen.de", "xn--knigsgchen-b4a3dun.de"},
		{"https://faß.de", "https://xn--fa-hia.de", "faß.de", "xn--fa-hia.de"},
		{"https://βόλος.com:443", "https://xn--nxasmm1c.com:443", "βόλος.com", "xn--nxasmm1c.com"},
		{"http://ශ්\u200dරී.com:444", "http://xn--10cl1a0b660p.com:444", "ශ්\u200dරී.com", "xn--10cl1a0b660p.com"},
		{"https://نامه\u200cای.com:4433", "https://xn--mgba3gch31f060k.com:4433", "نامه\u200cای.com", "xn--mgba3gch31f060k.com"},
		{"https://www.müller.de", "https://www.xn--mller-kva.de", "www.müller.de", "www.xn--mller-kva.de"},
		{"https://中国。icom。museum", "https://xn--fiqs8s.icom.museum", "中国.icom.museum", "xn--fiqs8s.icom.museum"},
	} {
		t.Run("UR16 "+test.raw, func(t *testing.T) {
			u, same := mustParse(t, test.url), mustParse(t, test.same)
			if !u.Equal(same) || u.Host() != test.host || u.RawHost() != test.raw {
				t.Errorf("got %q %q %q", u, u.Host(), u.RawHost())
			}
		})
	}
	t.Run("UR16 a name that does not decode stays", func(t *testing.T) {
		if u := mustParse(t, "http://xn--/"); u.Host() != "xn--" {
			t.Errorf("got %q", u.Host())
		}
	})
}

func TestURLJoin(t *testing.T) {
	const rfc = "http://example.com/b/c/d;p?q"
	for _, test := range []struct{ base, ref, want string }{
		{rfc, "g:h", "g:h"}, {rfc, "g", "http://example.com/b/c/g"}, {rfc, "./g", "http://example.com/b/c/g"},
		{rfc, "g/", "http://example.com/b/c/g/"}, {rfc, "/g", "http://example.com/g"}, {rfc, "//g", "http://g"},
		{rfc, "?y", "http://example.com/b/c/d;p?y"}, {rfc, "g?y", "http://example.com/b/c/g?y"},
		{rfc, "#s", "http://example.com/b/c/d;p?q#s"}, {rfc, "g#s", "http://example.com/b/c/g#s"},
		{rfc, "g?y#s", "http://example.com/b/c/g?y#s"}, {rfc, ";x", "http://example.com/b/c/;x"},
		{rfc, "g;x?y#s", "http://example.com/b/c/g;x?y#s"}, {rfc, "", rfc}, {rfc, ".", "http://example.com/b/c/"},
		{rfc, "./", "http://example.com/b/c/"}, {rfc, "..", "http://example.com/b/"}, {rfc, "../", "http://example.com/b/"},
		{rfc, "../g", "http://example.com/b/g"}, {rfc, "../..", "http://example.com/"}, {rfc, "../../", "http://example.com/"},
		{rfc, "../../g", "http://example.com/g"}, {rfc, "../../../g", "http://example.com/g"},
		{rfc, "../../../../g", "http://example.com/g"}, {rfc, "/./g", "http://example.com/g"}, {rfc, "/../g", "http://example.com/g"},
		{rfc, "g.", "http://example.com/b/c/g."}, {rfc, ".g", "http://example.com/b/c/.g"}, {rfc, "g..", "http://example.com/b/c/g.."},
		{rfc, "..g", "http://example.com/b/c/..g"}, {rfc, "./../g", "http://example.com/b/g"}, {rfc, "./g/.", "http://example.com/b/c/g/"},
		{rfc, "g/./h", "http://example.com/b/c/g/h"}, {rfc, "g/../h", "http://example.com/b/c/h"},
		{rfc, "g;x=1/./y", "http://example.com/b/c/g;x=1/y"}, {rfc, "g;x=1/../y", "http://example.com/b/c/y"},
		{rfc, "g?y/./x", "http://example.com/b/c/g?y/./x"}, {rfc, "g?y/../x", "http://example.com/b/c/g?y/../x"},
		{rfc, "g#s/../x", "http://example.com/b/c/g#s/../x"}, {rfc, "http:g", "http://example.com/b/c/g"},

		{"https://example.org:123/path/to/somewhere", "../../somewhere-else", "https://example.org:123/somewhere-else"},
		{"https://u:p@example.org/a", "b", "https://u:p@example.org/b"},
		{"/path/to/somewhere", "somewhere-else", "/path/to/somewhere-else"},
		{"/path/to/somewhere", "../../somewhere-else", "/somewhere-else"},
		{"path/to", "../x", "x"},
		{"https://example.com/?[]", "/", "https://example.com/"},
		{"https://x.org", "p", "https://x.org/p"},
		{"https://x.org", "?a=1", "https://x.org?a=1"},
		{"http://x.org/", "//y.org:80/p", "http://y.org/p"},
		{"https://x.org/", "//y.org:80/p", "https://y.org:80/p"},
		{"http://x.org/a", "HTTPS://Y.org/../b", "https://y.org/b"},
		{"web+x://h/a/b", "../c", "web+x://h/c"},
	} {
		t.Run("UR13 join "+test.base+" and "+test.ref, func(t *testing.T) {
			got, err := mustParse(t, test.base).Join(test.ref)
			if err != nil || got.String() != test.want {
				t.Errorf("got %v, %v, want %q", got, err, test.want)
			}
		})
	}
	if _, err := mustParse(t, rfc).Join("//x.org:port/"); !errors.Is(err, InvalidURL) {
		t.Errorf("UR13 a bad reference: %v", err)
	}
}

func TestURLCopyWith(t *testing.T) {
	params := NewQueryParams([][2]string{{"u", "with spaces/%"}})
	for _, test := range []struct {
		name, url string
		parts     URLComponents
		want      string
	}{
		{"UR03 params", "http://webservice?b=456", URLComponents{Params: &params}, "http://webservice?u=with+spaces%2F%25"},
		{"UR03 no params", "http://webservice?b=456", URLComponents{Params: &QueryParams{}}, "http://webservice"},
		{"UR14 scheme", "https://x.org/", URLComponents{Scheme: ptr("HTTP")}, "http://x.org/"},
		{"UR14 netloc", "https://x.org/", URLComponents{Netloc: ptr("example.net:444")}, "https://example.net:444/"},
		{"UR14 netloc drops the port", "https://x.org:8/", URLComponents{Netloc: ptr("[::1]")}, "https://[::1]/"},
		{"UR14 path", "https://x.org", URLComponents{Path: ptr("/path to")}, "https://x.org/path%20to"},
		{"UR14 authority", "https://x.org", URLComponents{Username: ptr("username"), Password: ptr("password"), Port: ptr(444), Host: ptr("example.net")},
			"https://username:password@example.net:444"},
		{"UR14 userinfo is encoded", "https://x.org", URLComponents{Username: ptr("tom@example.org"), Password: ptr("abc123@ %")},
			"https://tom%40example.org:abc123%40%20%@x.org"},
		{"UR14 username alone", "https://a:b@x.org", URLComponents{Username: ptr("c")}, "https://c@x.org"},
		{"UR14 no userinfo", "https://a:b@x.org", URLComponents{Userinfo: ptr("")}, "https://x.org"},
		{"UR14 port removed", "https://x.org:8/", URLComponents{Port: ptr(-1)}, "https://x.org/"},
		{"UR14 port becomes the default", "http://x.org:443/", URLComponents{Scheme: ptr("https")}, "https://x.org/"},
		{"UR14 query", "https://x.org", URLComponents{Query: ptr("a=1 2")}, "https://x.org?a=1%202"},
		{"UR14 no query", "https://x.org/?a", URLComponents{NoQuery: true}, "https://x.org/"},
		{"UR14 raw path", "https://x.org/?a", URLComponents{RawPath: ptr("/some/path")}, "https://x.org/some/path"},
		{"UR14 raw path with an empty query", "https://x.org", URLComponents{RawPath: ptr("/some/path?")}, "https://x.org/some/path?"},
		{"UR14 fragment", "https://x.org/", URLComponents{Fragment: ptr("a b")}, "https://x.org/#a%20b"},
		{"UR14 no fragment", "https://x.org/#a", URLComponents{NoFragment: true}, "https://x.org/"},
		{"UR17 IPv6 in brackets", "http://127.0.0.1:1234", URLComponents{Host: ptr("[::ffff:192.168.0.1]")}, "http://[::ffff:192.168.0.1]:1234"},
		{"UR17 IPv6", "http://[::1]:1234", URLComponents{Host: ptr("::ffff:192.168.0.1")}, "http://[::ffff:192.168.0.1]:1234"},
		{"UR17 IPv6 kept", "http://[::1]:1234", URLComponents{Path: ptr("/a")}, "http://[::1]:1234/a"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := NewURL(test.url, test.parts)
			if err != nil || got.String() != test.want {
				t.Fatalf("got %v, %v, want %q", got, err, test.want)
			}
			if again := mustParse(t, got.String()); !again.Equal(got) || again.RawHost() != got.RawHost() || again.Path() != got.Path() {
				t.Errorf("%q parses as %q", got, again)
			}
		})
	}
	t.Run("UR15 parameters", func(t *testing.T) {
		u := mustParse(t, "https://example.org:123/?a=123")
		for want, params := range map[string]QueryParams{
			"?a=456": u.Params().Set("a", "456"), "?a=123&a=456": u.Params().Add("a", "456"), "": u.Params().Remove("a"),
			"?a=123&b=456": u.Params().Merge(ParseQuery("b=456")),
		} {
			if got, err := u.CopyWith(URLComponents{Params: &params}); err != nil || got.String() != "https://example.org:123/"+want {
				t.Errorf("got %v, %v, want %q", got, err, want)
			}
		}
	})
	for _, test := range []struct {
		name    string
		parts   URLComponents
		message string
	}{
		{"UR09 component", URLComponents{Path: ptr("/" + strings.Repeat("x", 100_000))}, "URL component 'path' too long"},
		{"UR10 component", URLComponents{Path: ptr("/\n")}, `Invalid non-printable ASCII character in URL path component, '\n' at position 1.`},
		{"UR11 scheme", URLComponents{Scheme: ptr("~")}, "Invalid URL component 'scheme'"},
		{"UR14 CVE-2021-41945", URLComponents{Scheme: ptr("https://xxxx:xxxx@xxxxxxx/xxxxx/xxx?x=x#xxxxx")}, "Invalid URL component 'scheme'"},
		{"UR11 path", URLComponents{Path: ptr("abc")}, "For absolute URLs, path must be empty or begin with '/'"},
		{"UR14 query in path", URLComponents{Path: ptr("/a?b")}, "Invalid URL component 'path'"},
		{"UR14 fragment in query", URLComponents{Query: ptr("a#b")}, "Invalid URL component 'query'"},
		{"UR14 @ in userinfo", URLComponents{Userinfo: ptr("a@evil.org")}, "Invalid URL component 'userinfo'"},
		{"UR21 port", URLComponents{Port: ptr(65536)}, "Invalid port: '65536'"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := mustParse(t, "https://x.org").CopyWith(test.parts)
			if !errors.Is(err, InvalidURL) || err.Error() != test.message {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("UR14 a path cannot become a host", func(t *testing.T) {
		u, err := mustParse(t, "http:/a").CopyWith(URLComponents{Path: ptr("//evil.org/")})
		if err != nil {
			t.Fatal(err)
		}
		if again := mustParse(t, u.String()); again.RawHost() != "" {
			t.Errorf("%q has the host %q", u, again.RawHost())
		}
	})
	t.Run("UR14 a host cannot hold delimiters", func(t *testing.T) {
		u, err := mustParse(t, "http://x.org/p").CopyWith(URLComponents{Host: ptr("evil.org/a@b?c#d")})
		if err != nil || u.String() != "http://evil.org%2Fa%40b%3Fc%23d/p" {
			t.Errorf("got %v, %v", u, err)
		}
	})
}

func TestURLEquality(t *testing.T) {
	for _, test := range []struct {
		name, a, b string
		equal      bool
	}{
		{"UR12 equal", "https://example.org:443/p", "HTTPS://EXAMPLE.org/p", true},
		{"UR18 missing slash", "http://x.org", "http://x.org/", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if mustParse(t, test.a).Equal(mustParse(t, test.b)) != test.equal {
				t.Errorf("%q and %q", test.a, test.b)
			}
		})
	}
	for _, test := range []struct{ url, origin string }{
		{"HTTPS://EXAMPLE.COM:443", "https://example.com:443"},
		{"https://u:p@example.com/p?q", "https://example.com:443"},
		{"http://[2001:DB8:0::1]/", "http://[2001:db8::1]:80"},
		{"web+x://h/", "web+x://h"},
		{"http://x.org:0/", "http://x.org:0"},
		{"/path", ""},
	} {
		t.Run("HD10 origin of "+test.url, func(t *testing.T) {
			if got := mustParse(t, test.url).Origin(); got != test.origin {
				t.Errorf("got %q", got)
			}
		})
	}
	t.Run("text in normal form is kept", func(t *testing.T) {
		plain := "https://example.org:8080/path?abc=123"
		u := mustParse(t, plain)
		if unsafe.StringData(u.String()) != unsafe.StringData(plain) {
			t.Errorf("%q was copied", u)
		}
	})
}

func FuzzParseURL(f *testing.F) {
	for _, seed := range []string{"https://u:p@EXAMPLE.org:443/a/../b c?d=e f#g h", "//h:1/x", "http:////evil", "a:b", "http://[::1%25e]:80",
		"https://faß.de/", "http://x.org:99999", "?#", "\x00", "web+x:/.//a", "%zz%41://@:0", "http://@/", "://@h"} {
		f.Add(seed, "../g?y#s")
	}
	f.Fuzz(func(t *testing.T, s, ref string) {
		u, err := ParseURL(s)
		if err != nil {
			if !errors.Is(err, InvalidURL) {
				t.Fatalf("%T %v", err, err)
			}
			return
		}
		checkURL(t, u)
		if joined, err := u.Join(ref); err == nil {
			checkURL(t, joined)
		}
	})
}

// checkURL checks what must hold for every URL: its text is ASCII without spaces, and parses as the same URL.
func checkURL(t *testing.T, u *URL) {
	t.Helper()
	text := u.String()
	if assembled := u.assemble(u.userinfo); assembled != text {
		t.Fatalf("%q is %q when it is assembled", text, assembled)
	}
	for i := 0; i < len(text); i++ {
		if text[i] <= ' ' || text[i] >= 0x7f {
			t.Fatalf("%q has the byte %#x", text, text[i])
		}
	}
	if !utf8.ValidString(u.Host() + u.Path() + u.Username() + u.Password() + u.Fragment()) {
		t.Fatalf("%q has a component that is not UTF-8", text)
	}
	if u.Scheme() == "" || len(text) > maxURLLength {
		return // "a/../b:c" joined to nothing may begin like a scheme, as in HTTPX
	}
	again, err := ParseURL(text)
	if err != nil {
		t.Fatalf("%q does not parse: %v", text, err)
	}
	if again.String() != text || again.RawHost() != u.RawHost() || again.Userinfo() != u.Userinfo() || again.RawPath() != u.RawPath() {
		t.Fatalf("%q parses as %q", text, again)
	}
}

func BenchmarkParseURL(b *testing.B) {
	for _, bench := range []struct{ name, url string }{
		{"plain", "http://127.0.0.1:8080/json?page=1"},
		{"default port", "https://api.example.org/v1/users/42"},
		{"normalised", "HTTPS://Example.ORG:443/a/../b c"},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ParseURL(bench.url); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
