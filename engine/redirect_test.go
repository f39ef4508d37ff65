package engine

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update-matrix", false, "write testdata/redirect-credentials.txt anew")

// redirecting answers by path: "/302?to=URL" redirects there, anything else is 200.
func redirecting(ctx context.Context, r *Request) (*Response, error) {
	var status int
	if n, _ := fmt.Sscanf(r.URL.Path(), "/%d", &status); n == 1 {
		if to, given := r.URL.Params().Get("to"); given {
			return respondWith(status, "moved", "Location", to), nil
		}
		return respond(status), nil
	}
	return respondWith(200, r.Method), nil
}

func following(t *testing.T) *Client {
	return mockClient(t, ClientOptions{FollowRedirects: true}, redirecting)
}

func TestRedirectMethods(t *testing.T) {
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY"} {
		for _, status := range []int{301, 302, 303, 307, 308} {
			want := method
			if (status == 302 || status == 303) && method != "HEAD" || status == 301 && method == "POST" {
				want = "GET"
			}
			t.Run(fmt.Sprintf("RD01 RD02 RD04 %d %s", status, method), func(t *testing.T) {
				content, headers := JSONContent([]byte(`{"a":1}`))
				response, err := following(t).Request(t.Context(), method, fmt.Sprintf("http://h.org/%d?to=/x", status),
					RequestOptions{Content: content, ContentHeaders: headers}, SendOptions{})
				if err != nil || response.Request.Method != want || len(response.History) != 1 {
					t.Fatal(response, err)
				}
				body, _ := response.Request.Read(t.Context())
				dropped := method != want
				if dropped != (len(body) == 0) || dropped == response.Request.Headers.Has("Content-Length") || !response.Request.Headers.Has("Content-Type") {
					t.Errorf("RD13 RD14: body %q, headers %v", body, response.Request.Headers)
				}
			})
		}
	}
	for _, status := range []int{300, 304, 305} {
		t.Run(fmt.Sprintf("RD02 %d is never followed", status), func(t *testing.T) {
			response := get(t, following(t), fmt.Sprintf("http://h.org/%d?to=/x", status))
			if response.StatusCode != status || response.NextRequest != nil {
				t.Error(response)
			}
		})
	}
}

func TestRedirectLocations(t *testing.T) {
	for _, test := range []struct{ id, from, to, want string }{
		{"RD05 relative", "https://h.org/302", "x/y", "https://h.org/x/y"},
		{"RD05 network path", "https://h.org/302", "//other.org/p", "https://other.org/p"},
		{"RD06 no host", "https://h.org/302", "https://:443/p", "https://h.org/p"},
		{"RD08 fragment kept", "https://h.org/302#f", "/p", "https://h.org/p#f"},
		{"RD08 fragment of the Location wins", "https://h.org/302#f", "/p#g", "https://h.org/p#g"},
		{"RD17 subdomain", "https://www.h.org/302", "https://h.org/", "https://h.org/"},
	} {
		t.Run(test.id, func(t *testing.T) {
			client := mockClient(t, ClientOptions{FollowRedirects: true}, func(_ context.Context, r *Request) (*Response, error) {
				if r.URL.Path() == "/302" {
					return respond(302, "Location", test.to), nil
				}
				return respond(200), nil
			})
			response := get(t, client, test.from)
			if got := response.Request.URL.String(); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
			if got := header(response.Request.Headers, "Host"); got != response.Request.URL.Netloc() {
				t.Errorf("Host %q", got)
			}
		})
	}
	t.Run("RD03 RD15 not followed", func(t *testing.T) {
		client := mockClient(t, ClientOptions{}, redirecting)
		response := get(t, client, "http://h.org/302?to=/303%3Fto%3D/end")
		if response.StatusCode != 302 || response.NextRequest == nil || header(response.Headers, "Location") != "/303?to=/end" {
			t.Fatal(response, response.NextRequest)
		}
		for range 2 {
			var err error
			if response, err = client.Send(t.Context(), response.NextRequest, SendOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		if response.StatusCode != 200 || response.NextRequest != nil {
			t.Error(response)
		}
	})
	t.Run("RD03 a send may decide otherwise", func(t *testing.T) {
		follow := true
		client := mockClient(t, ClientOptions{}, redirecting)
		response, err := client.Request(t.Context(), "GET", "http://h.org/302?to=/x", RequestOptions{}, SendOptions{FollowRedirects: &follow})
		if err != nil || response.StatusCode != 200 {
			t.Error(response, err)
		}
	})
	t.Run("RD07 a Location that is no URL", func(t *testing.T) {
		bad := func(context.Context, *Request) (*Response, error) {
			return respond(302, "Location", "https://😇/"), nil
		}
		_, err := mockClient(t, ClientOptions{FollowRedirects: true}, bad).Request(t.Context(), "GET", "http://h.org/", RequestOptions{}, SendOptions{})
		wantClass(t, err, RemoteProtocolError, "Invalid URL in location header")
		response := get(t, mockClient(t, ClientOptions{}, bad), "http://h.org/")
		if response.StatusCode != 302 || response.NextRequest != nil {
			t.Error(response, response.NextRequest)
		}
	})
	t.Run("RD20 another scheme", func(t *testing.T) {
		client := mockClient(t, ClientOptions{FollowRedirects: true, Transport: mustTransport(t, TransportOptions{}), Mounts: []Mount{
			{"http://", NewMockTransport(redirecting)}}}, nil)
		_, err := client.Request(t.Context(), "GET", "http://h.org/302?to=market://details", RequestOptions{}, SendOptions{})
		wantClass(t, err, UnsupportedProtocol, "'market://'")
	})
}

func TestRedirectCount(t *testing.T) {
	counting := func(limit int) handler {
		return func(_ context.Context, r *Request) (*Response, error) {
			n := 0
			fmt.Sscanf(r.URL.Path(), "/%d", &n)
			if n == limit {
				return respond(200), nil
			}
			return respond(302, "Location", fmt.Sprintf("/%d", n+1)), nil
		}
	}
	t.Run("RD09 20 redirects succeed", func(t *testing.T) {
		response := get(t, mockClient(t, ClientOptions{FollowRedirects: true}, counting(20)), "http://h.org/0")
		if len(response.History) != 20 {
			t.Fatal(len(response.History))
		}
		for i, earlier := range response.History {
			if len(earlier.History) != i || (i > 0 && earlier.History[i-1] != response.History[i-1]) {
				t.Errorf("history %d has %d entries", i, len(earlier.History))
			}
		}
	})
	t.Run("RD09 21 do not", func(t *testing.T) {
		_, err := mockClient(t, ClientOptions{FollowRedirects: true}, counting(21)).Request(t.Context(), "GET", "http://h.org/0", RequestOptions{}, SendOptions{})
		wantClass(t, err, TooManyRedirects, "Exceeded maximum allowed redirects.")
	})
	t.Run("RD10 none", func(t *testing.T) {
		zero := 0
		client := mockClient(t, ClientOptions{FollowRedirects: true, MaxRedirects: &zero}, counting(1))
		_, err := client.Request(t.Context(), "GET", "http://h.org/0", RequestOptions{}, SendOptions{})
		wantClass(t, err, TooManyRedirects, "Exceeded")
		get(t, client, "http://h.org/1")
	})
	t.Run("RD10 authentication steps do not count", func(t *testing.T) {
		two := 2
		client := mockClient(t, ClientOptions{FollowRedirects: true, MaxRedirects: &two, Auth: repeatAuth(3)}, counting(2))
		if response := get(t, client, "http://h.org/0"); len(response.History) != 3*3-1 {
			// Three steps of two redirects and an answer, less the last answer.
			t.Error(len(response.History))
		}
	})
	t.Run("R11 the body of a redirect is bounded", func(t *testing.T) {
		client := mockClient(t, ClientOptions{FollowRedirects: true, MaxResponseSize: 1000}, func(_ context.Context, r *Request) (*Response, error) {
			return &Response{StatusCode: 302, Headers: NewHeaders([][2]string{{"Location", "/x"}}), Stream: endless{}}, nil
		})
		_, err := client.Request(t.Context(), "GET", "http://h.org/", RequestOptions{}, SendOptions{Stream: true})
		wantClass(t, err, ResponseTooLarge, "larger than 1000 bytes")
	})
}

// repeatAuth sends the request n times.
type repeatAuth int

func (n repeatAuth) Flow(_ context.Context, request *Request, send func(*Request) (*Response, error)) (response *Response, err error) {
	for range n {
		if response, err = send(request); err != nil {
			return nil, err
		}
	}
	return response, nil
}

type endless struct{}

func (endless) Next(context.Context) ([]byte, error) { return make([]byte, 300), nil }
func (endless) Close() error                         { return nil }

func TestRedirectBodies(t *testing.T) {
	once := func(t *testing.T, status int) (*Response, error) {
		content, headers := StreamContent(&listStream{chunks: []string{"x"}}, -1)
		// A transport that reads the body as the network does, and keeps none of it.
		transport := transportFunc(func(ctx context.Context, r *Request) (*Response, error) {
			if r.Content != nil {
				stream, err := r.Content.Stream()
				if err != nil {
					return nil, err
				}
				defer stream.Close()
			}
			return redirecting(ctx, r)
		})
		client := mockClient(t, ClientOptions{FollowRedirects: true, Transport: transport}, nil)
		return client.Request(t.Context(), "POST", fmt.Sprintf("http://h.org/%d?to=/x", status), RequestOptions{Content: content, ContentHeaders: headers}, SendOptions{})
	}
	t.Run("RD16 a streamed body cannot be sent again", func(t *testing.T) {
		_, err := once(t, 308)
		wantClass(t, err, StreamConsumed, "receiving a redirect")
	})
	t.Run("RD14 303 does not need it again", func(t *testing.T) {
		response, err := once(t, 303)
		if err != nil || response.Request.Headers.Has("Transfer-Encoding") {
			t.Error(response, err)
		}
	})
}

type transportFunc func(ctx context.Context, r *Request) (*Response, error)

func (f transportFunc) RoundTrip(ctx context.Context, r *Request) (*Response, error) {
	return f(ctx, r)
}
func (f transportFunc) Close() error { return nil }

func TestRedirectCookies(t *testing.T) {
	client := mockClient(t, ClientOptions{FollowRedirects: true}, func(_ context.Context, r *Request) (*Response, error) {
		switch r.URL.Path() {
		case "/login":
			return respond(302, "Location", "/me", "Set-Cookie", "session=1; Path=/"), nil
		case "/logout":
			return respond(302, "Location", "/me", "Set-Cookie", "session=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT"), nil
		}
		return respondWith(200, header(r.Headers, "Cookie")), nil
	})
	t.Run("RD18 cookies of a 3xx are used and expired by the next hop", func(t *testing.T) {
		for path, want := range map[string]string{"/login": "session=1", "/logout": ""} {
			if text, _ := get(t, client, "http://h.org"+path).Text(); text != want {
				t.Errorf("%s: %q, want %q", path, text, want)
			}
		}
	})
	t.Run("RD19 an explicit Cookie header is gone after the first hop", func(t *testing.T) {
		client.Cookies().Clear("", "")
		options := RequestOptions{Headers: NewHeaders([][2]string{{"Cookie", "mine=1"}})}
		response, err := client.Request(t.Context(), "GET", "http://h.org/login", options, SendOptions{})
		if text, _ := response.Text(); err != nil || text != "session=1" {
			t.Error(text, err)
		}
	})
}

// TestRedirectCredentials walks over every relation of the origins, scheme, code, carrier and chain of the redirect rules, and
// compares the whole table with a file that people can read.
func TestRedirectCredentials(t *testing.T) {
	relations := []struct{ name, host string }{
		{"same", "a.example.com"}, {"port", "a.example.com:8443"}, {"sub", "b.a.example.com"}, {"parent", "example.com"},
		{"sibling", "c.example.com"}, {"trailing-dot", "a.example.com."}, {"case", "A.EXAMPLE.COM"}, {"idn", "bücher.example"}, {"ip", "192.0.2.1"},
	}
	schemes := [][2]string{{"http", "http"}, {"https", "https"}, {"http", "https"}, {"https", "http"}}
	codes := []int{301, 302, 303, 307, 308}
	carriers := []struct {
		name, header string
		options      func() (RequestOptions, Auth, string)
	}{
		{"authorization", "Authorization", headerCarrier("authorization")},
		{"auth", "Authorization", func() (RequestOptions, Auth, string) { return RequestOptions{}, NewBasicAuth("u", "p"), "" }},
		{"userinfo", "Authorization", func() (RequestOptions, Auth, string) { return RequestOptions{}, nil, "u:p@" }},
		{"proxy-authorization", "Proxy-Authorization", headerCarrier("Proxy-Authorization")},
		{"cookie", "Cookie", headerCarrier("Cookie")},
		{"x-api-key", "X-API-Key", headerCarrier("X-API-Key")},
		{"my_secret", "my_Secret_header", headerCarrier("my_Secret_header")},
	}
	const first = "a.example.com"
	var table strings.Builder
	cells := 0
	for _, relation := range relations {
		for _, scheme := range schemes {
			sameOrigin := scheme[0] == scheme[1] && (relation.name == "same" || relation.name == "case")
			upgrade := scheme[0] == "http" && scheme[1] == "https" && (relation.name == "same" || relation.name == "case")
			a, b := scheme[0]+"://"+first, scheme[1]+"://"+relation.host
			for _, carrier := range carriers {
				kept := (sameOrigin || upgrade) && carrier.name != "cookie"
				for _, code := range codes {
					for chain, hops := range map[string][]string{"A-B": {a, b}, "A-B-A": {a, b, a}, "A-B-B": {a, b, b}} {
						cells++
						// Back at A: what went missing at B stays missing; a downgrade from the upgraded B drops it there.
						want := kept
						if chain == "A-B-A" && upgrade {
							want = false
						}
						if got := carried(t, hops, code, carrier.header, carrier.options); got != want {
							t.Errorf("RD11 RD12 R9 %s %s>%s %d %s %s: sent %v, want %v", relation.name, scheme[0], scheme[1], code, carrier.name, chain, got, want)
						}
					}
				}
				fmt.Fprintf(&table, "%-13s %-5s > %-5s %-20s %s\n", relation.name, scheme[0], scheme[1], carrier.name, map[bool]string{true: "kept", false: "dropped"}[kept])
			}
		}
	}
	if cells != 3780 {
		t.Errorf("%d cells, want 3780", cells)
	}
	file := filepath.Join("testdata", "redirect-credentials.txt")
	if *update {
		os.MkdirAll("testdata", 0o755)
		if err := os.WriteFile(file, []byte(table.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(file); err != nil || string(want) != table.String() {
		t.Errorf("%s is not what is tested (%v); go test ./engine -run RedirectCredentials -update-matrix", file, err)
	}
}

func headerCarrier(name string) func() (RequestOptions, Auth, string) {
	return func() (RequestOptions, Auth, string) {
		return RequestOptions{Headers: NewHeaders([][2]string{{name, "s3cret"}})}, nil, ""
	}
}

// carried sends along a chain of origins and tells whether the last one got the header.
func carried(t *testing.T, hops []string, code int, name string, options func() (RequestOptions, Auth, string)) bool {
	t.Helper()
	hop := 0
	got := false
	client, err := NewClient(ClientOptions{FollowRedirects: true, Clock: fixedNow, Rand: constantRand(1), Transport: transportFunc(
		func(_ context.Context, r *Request) (*Response, error) {
			got = r.Headers.Has(name)
			if hop == 0 && !got {
				t.Fatal("the first hop did not get the credential")
			}
			if hop++; hop == len(hops) {
				return respond(200), nil
			}
			return respond(code, "Location", hops[hop]+"/next"), nil
		})})
	if err != nil {
		t.Fatal(err)
	}
	request, auth, userinfo := options()
	url := strings.Replace(hops[0], "://", "://"+userinfo, 1) + "/"
	if _, err := client.Request(t.Context(), "POST", url, request, SendOptions{Auth: auth}); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestStaysAtOrigin(t *testing.T) {
	for _, name := range []string{"Authorization", "X_API_KEY", "x-Amz-Security-Token", "DPoP", "X-Anything-Token", "Client-Secret", "X-Password", "Idempotency-Key", "X-Signature"} {
		if !staysAtOrigin(name) {
			t.Errorf("%s crosses origins", name)
		}
	}
	for _, name := range []string{"Accept", "User-Agent", "Content-Type", "X-Request-Id", "Sec-WebSocket-Key", "Range"} {
		if staysAtOrigin(name) {
			t.Errorf("%s is held back", name)
		}
	}
	if got := names(redirectHeaders(&Request{Method: "GET", URL: mustURL("http://a/"), Headers: NewHeaders([][2]string{{"Accept", "x"}, {"X-Api-Key", "y"}, {"Host", "a"}, {"B", "c"}})}, mustURL("http://b/"), "GET")); got != "Accept Host B" {
		t.Error(got)
	}
	if !slices.Equal([]bool{isHTTPSUpgrade(mustURL("http://a/"), mustURL("https://a/")), isHTTPSUpgrade(mustURL("http://a:8080/"), mustURL("https://a/")),
		isHTTPSUpgrade(mustURL("http://a/"), mustURL("https://b/"))}, []bool{true, false, false}) {
		t.Error("HD11 upgrade rule")
	}
}

func mustURL(s string) *URL {
	u, err := ParseURL(s)
	if err != nil {
		panic(err)
	}
	return u
}
