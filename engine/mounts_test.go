package engine

import (
	"strings"
	"testing"
)

func TestURLPattern(t *testing.T) {
	for _, test := range []struct {
		pattern, url string
		want         bool
	}{
		{"http://*", "http://x.org", true}, {"http://*", "https://x.org", false}, {"http://", "http://x.org", true},
		{"all://", "https://x.org", true}, {"", "ftp://x.org", true},
		{"http://example.com", "http://example.com", true}, {"http://example.com", "http://other.com", false}, {"http://example.com", "http://sub.example.com", false},
		{"http://example.com", "http://example.com:1234", true}, {"http://example.com:80", "http://example.com", true}, {"http://example.com:80", "http://example.com:81", false},
		{"http://*.example.com", "http://www.example.com", true}, {"http://*.example.com", "http://example.com", false},
		{"http://*example.com", "http://www.example.com", true}, {"http://*example.com", "http://example.com", true}, {"http://*example.com", "http://wwwexample.com", false},
		{"all://*:1234", "http://x.org:1234", true}, {"all://*:1234", "http://x.org", false}, {"all://*:443", "https://x.org", true},
		{"all://192.168.0.0/16", "http://192.168.3.4:99", true}, {"all://192.168.0.0/16", "http://192.169.0.1", false}, {"all://192.168.0.0/16", "http://h.org", false},
		{"all://fe11::/16", "http://[fe11::1]/", true}, {"all://[fe11::1]:80", "http://[fe11::1]/", true}, {"all://BÜCHER.example", "http://xn--bcher-kva.example", true},
		{"custom://", "custom://x", true},
	} {
		t.Run("PX02 UT06 "+test.pattern+" "+test.url, func(t *testing.T) {
			pattern, err := ParseURLPattern(test.pattern)
			if err != nil || pattern.Matches(mustURL(test.url)) != test.want {
				t.Errorf("%v, want %v (%v)", !test.want, test.want, err)
			}
		})
	}
	t.Run("PX06 plain schemes", func(t *testing.T) {
		_, err := ParseURLPattern("http")
		wantClass(t, err, ValueError, `Instead of "http", use "http://"`)
		_, err = ParseURLPattern("http://h:99999")
		wantClass(t, err, ValueError, "invalid port")
	})
	t.Run("PX02 UT06 the most specific comes first", func(t *testing.T) {
		var mounts []Mount
		for _, pattern := range []string{"all://", "http://", "all://example.com", "http://example.com", "http://example.com:1"} {
			mounts = append(mounts, Mount{Pattern: pattern})
		}
		sorted, err := sortedMounts(mounts)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range sorted {
			got = append(got, m.pattern.String())
		}
		if text := strings.Join(got, " "); text != "http://example.com:1 http://example.com all://example.com http:// all://" {
			t.Error(text)
		}
	})
}

func TestProxyValue(t *testing.T) {
	proxy, err := NewProxy("https://user:pa55@example.com:8080", nil)
	if err != nil || proxy.URL.String() != "https://example.com:8080" || proxy.Username != "user" || proxy.Password != "pa55" ||
		proxy.String() != "Proxy('https://example.com:8080', auth=('user', '********'))" {
		t.Errorf("CF06: %v %v", proxy, err)
	}
	for _, bad := range []string{"ftp://user:pa55@h", "invalid://h", "http://"} {
		_, err := NewProxy(bad, nil)
		wantClass(t, err, ValueError, "proxy URL")
		if strings.Contains(err.Error(), "pa55") {
			t.Errorf("PX03 the password is shown: %v", err)
		}
	}
}

func TestEnvironmentProxies(t *testing.T) {
	for _, test := range []struct {
		id, url string
		env     map[string]string
		want    string
	}{
		{"PX04 http", "http://x.org", map[string]string{"HTTP_PROXY": "http://p"}, "http://p"},
		{"PX04 only http", "https://x.org", map[string]string{"HTTP_PROXY": "http://p"}, ""},
		{"PX04 no scheme", "http://x.org", map[string]string{"HTTP_PROXY": "p:8080"}, "http://p:8080"},
		{"PX04 all", "https://x.org", map[string]string{"ALL_PROXY": "socks5://p"}, "socks5://p"},
		{"UT03 lower case wins", "https://x.org", map[string]string{"HTTPS_PROXY": "http://upper", "https_proxy": "http://lower"}, "http://lower"},
		{"R17 httpoxy", "http://x.org", map[string]string{"HTTP_PROXY": "http://p", "REQUEST_METHOD": "GET"}, ""},
		{"PX05 address", "http://127.0.0.1", map[string]string{"HTTP_PROXY": "http://p", "NO_PROXY": "127.0.0.1"}, ""},
		{"PX05 scheme of the entry", "https://x.org", map[string]string{"ALL_PROXY": "http://p", "NO_PROXY": "http://x.org"}, "http://p"},
		{"PX05 subdomain", "http://www.mit.edu", map[string]string{"HTTP_PROXY": "http://p", "NO_PROXY": "mit.edu"}, ""},
		{"PX05 not a prefix", "http://mit.edu.info", map[string]string{"HTTP_PROXY": "http://p", "NO_PROXY": "mit.edu"}, "http://p"},
		{"PX05 list with spaces", "http://b.org", map[string]string{"HTTP_PROXY": "http://p", "NO_PROXY": "a.org, b.org ,c.org"}, ""},
		{"PX05 leading dot", "http://www.example1.com", map[string]string{"HTTP_PROXY": "http://p", "NO_PROXY": ".example1.com"}, ""},
		{"PX05 not a suffix", "http://www.example2.com", map[string]string{"HTTP_PROXY": "http://p", "NO_PROXY": "ample2.com"}, "http://p"},
		{"PX05 star", "http://x.org", map[string]string{"HTTP_PROXY": "http://p", "NO_PROXY": "*"}, ""},
		{"PX05 empty", "http://x.org", map[string]string{"HTTP_PROXY": "http://p", "NO_PROXY": ""}, "http://p"},
		{"UT04 localhost", "http://localhost:99", map[string]string{"HTTP_PROXY": "http://p", "NO_PROXY": "localhost"}, ""},
		{"UT05 IPv4 range", "http://192.168.7.7", map[string]string{"HTTP_PROXY": "http://p", "NO_PROXY": "192.168.0.0/16"}, ""},
		{"UT05 IPv6 range", "http://[fe11::9]", map[string]string{"HTTP_PROXY": "http://p", "NO_PROXY": "fe11::/16"}, ""},
		{"UT04 IPv6", "http://[::1]", map[string]string{"HTTP_PROXY": "http://p", "NO_PROXY": "::1"}, ""},
		{"UT05 star and domain", "http://www.e.com", map[string]string{"HTTP_PROXY": "http://p", "NO_PROXY": "*.e.com"}, ""},
	} {
		t.Run(test.id, func(t *testing.T) {
			rules, err := EnvironmentProxies(func(name string) string { return test.env[name] })
			if err != nil {
				t.Fatal(err)
			}
			var mounts []Mount
			proxies := map[string]*Proxy{}
			for _, rule := range rules {
				mounts = append(mounts, Mount{Pattern: rule.Pattern})
				proxies[rule.Pattern] = rule.Proxy
			}
			sorted, err := sortedMounts(mounts)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, m := range sorted {
				if m.pattern.Matches(mustURL(test.url)) {
					if p := proxies[m.pattern.String()]; p != nil {
						got = p.URL.String()
					}
					break
				}
			}
			if got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
	t.Run("R17 a broken value is an error without the value", func(t *testing.T) {
		_, err := EnvironmentProxies(func(name string) string { return map[string]string{"https_proxy": "http://u:hunter2@h:bad"}[name] })
		wantClass(t, err, ValueError, "https_proxy is not a proxy URL")
		if strings.Contains(err.Error(), "hunter2") {
			t.Error(err)
		}
	})
}
