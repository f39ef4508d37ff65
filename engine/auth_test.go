package engine

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"
)

// challenging answers 401 with the given WWW-Authenticate lines until a request has an Authorization, and keeps those.
func challenging(status int, seen *[]string, lines ...string) handler {
	return func(_ context.Context, r *Request) (*Response, error) {
		if value, given := r.Headers.Get("Authorization"); given {
			*seen = append(*seen, value)
			return respond(status), nil
		}
		var headers []string
		for _, line := range lines {
			headers = append(headers, "WWW-Authenticate", line)
		}
		return respond(401, headers...), nil
	}
}

func digestFields(t *testing.T, header string) map[string]string {
	t.Helper()
	challenges, ok := parseChallenges(header)
	if !ok || len(challenges) != 1 || challenges[0].scheme != "Digest" {
		t.Fatalf("not a Digest header: %q", header)
	}
	return challenges[0].params
}

func TestBasicAuth(t *testing.T) {
	sent := func(t *testing.T, client ClientOptions, url string, auth Auth, headers ...string) string {
		t.Helper()
		got := ""
		c := mockClient(t, client, func(_ context.Context, r *Request) (*Response, error) {
			got = header(r.Headers, "Authorization")
			return respond(200), nil
		})
		options := RequestOptions{}
		if len(headers) > 0 {
			options.Headers = NewHeaders([][2]string{{"Authorization", headers[0]}})
		}
		if _, err := c.Request(t.Context(), "GET", url, options, SendOptions{Auth: auth}); err != nil {
			t.Fatal(err)
		}
		return got
	}
	basic := NewBasicAuth("user", "password123")
	for _, test := range []struct {
		id   string
		got  string
		want string
	}{
		{"AU01 per request", sent(t, ClientOptions{}, "http://h/", basic), "Basic dXNlcjpwYXNzd29yZDEyMw=="},
		{"AU01 per client", sent(t, ClientOptions{Auth: basic}, "http://h/", nil), "Basic dXNlcjpwYXNzd29yZDEyMw=="},
		{"AU02 userinfo, decoded", sent(t, ClientOptions{}, "http://us%40er:p%3Aw@h/", nil), "Basic dXNAZXI6cDp3"},
		{"AU03 the request's wins", sent(t, ClientOptions{Auth: NewBasicAuth("c", "c")}, "http://u:u@h/", basic), "Basic dXNlcjpwYXNzd29yZDEyMw=="},
		{"AU03 then the client's", sent(t, ClientOptions{Auth: basic}, "http://u:u@h/", nil), "Basic dXNlcjpwYXNzd29yZDEyMw=="},
		{"AU03 over an explicit header", sent(t, ClientOptions{}, "http://h/", basic, "Mine"), "Basic dXNlcjpwYXNzd29yZDEyMw=="},
		{"AU05 none", sent(t, ClientOptions{Auth: basic}, "http://h/", NoAuth), ""},
		{"AU05 none, but userinfo", sent(t, ClientOptions{Auth: basic}, "http://u:p@h/", NoAuth), "Basic dTpw"},
		{"NoAuth on a client is none", sent(t, ClientOptions{Auth: NoAuth}, "http://h/", nil), ""},
		{"AU04 function", sent(t, ClientOptions{}, "http://h/", FuncAuth(func(_ context.Context, r *Request) (*Request, error) {
			r.Headers.Set("Authorization", "Token 1")
			return r, nil
		})), "Token 1"},
	} {
		t.Run(test.id, func(t *testing.T) {
			if test.got != test.want {
				t.Errorf("%q, want %q", test.got, test.want)
			}
		})
	}
	t.Run("a function that fails", func(t *testing.T) {
		bad := errors.New("no token")
		client := mockClient(t, ClientOptions{}, echo)
		auth := FuncAuth(func(context.Context, *Request) (*Request, error) { return nil, bad })
		if _, err := client.Request(t.Context(), "GET", "http://h/", RequestOptions{}, SendOptions{Auth: auth}); err != bad {
			t.Error(err)
		}
	})
	t.Run("AU07 nothing secret is printed", func(t *testing.T) {
		netrc, _ := NewNetRCAuth("machine h login u password s3cret")
		for _, auth := range []interface{ String() string }{basic, NewDigestAuth("u", "s3cret", constantRand(0)), netrc} {
			if text := auth.String(); strings.Contains(text, "s3cret") || strings.Contains(text, "dXNl") {
				t.Error(text)
			}
		}
	})
}

func TestAuthFlows(t *testing.T) {
	t.Run("AU18 a flow of three requests leaves a history of two", func(t *testing.T) {
		response := get(t, mockClient(t, ClientOptions{Auth: repeatAuth(3)}, echo), "http://h/")
		if len(response.History) != 2 || len(response.History[0].History) != 0 || len(response.History[1].History) != 1 {
			t.Errorf("%d", len(response.History))
		}
	})
	t.Run("AU20 a flow reads both bodies", func(t *testing.T) {
		client := mockClient(t, ClientOptions{}, func(_ context.Context, r *Request) (*Response, error) {
			if r.URL.Path() == "/token" {
				return &Response{StatusCode: 200, Stream: &listStream{chunks: []string{"to", "ken"}}}, nil
			}
			return respondWith(200, header(r.Headers, "Authorization")), nil
		})
		content, headers := StreamContent(&listStream{chunks: []string{"bo", "dy"}}, -1)
		response, err := client.Request(t.Context(), "POST", "http://h/", RequestOptions{Content: content, ContentHeaders: headers}, SendOptions{Auth: tokenAuth{client}})
		if err != nil {
			t.Fatal(err)
		}
		if text, _ := response.Text(); text != "token over body" || len(response.History) != 1 {
			t.Error(text, response.History)
		}
	})
	t.Run("a flow without a response, and one that drops its response", func(t *testing.T) {
		stream := &listStream{chunks: []string{"x"}}
		client := mockClient(t, ClientOptions{}, func(context.Context, *Request) (*Response, error) {
			return &Response{StatusCode: 200, Stream: stream}, nil
		})
		_, err := client.Request(t.Context(), "GET", "http://h/", RequestOptions{}, SendOptions{Auth: droppingAuth{}})
		wantClass(t, err, RuntimeError, "without a response")
		if !stream.closed {
			t.Error("the response was left open")
		}
	})
}

// tokenAuth asks for a token first.
type tokenAuth struct{ client *Client }

func (a tokenAuth) Flow(ctx context.Context, request *Request, send func(*Request) (*Response, error)) (*Response, error) {
	body, err := request.Read(ctx)
	if err != nil {
		return nil, err
	}
	tokenRequest, err := a.client.BuildRequest("POST", "http://h/token", RequestOptions{})
	if err != nil {
		return nil, err
	}
	response, err := send(tokenRequest)
	if err != nil {
		return nil, err
	}
	if _, err := response.Read(ctx); err != nil {
		return nil, err
	}
	token, _ := response.Text()
	request.Headers.Set("Authorization", token+" over "+string(body))
	return send(request)
}

type droppingAuth struct{}

func (droppingAuth) Flow(_ context.Context, request *Request, send func(*Request) (*Response, error)) (*Response, error) {
	_, err := send(request)
	return nil, err
}

func TestDigestAuth(t *testing.T) {
	digest := func() *DigestAuth { return NewDigestAuth("user", "password123", constantRand(0xab)) }
	challenge := func(fields string) string {
		return `Digest realm="httpx@example.org", nonce="ee96edced2a0b43e4869e96ebe27563f369c1205a049d06419bb51d8aeddf3d3", opaque="ee6378f3ee14ebfd2fff54b70a91a7c9390518047f242ab2271380db0e14bda1"` + fields
	}
	send := func(t *testing.T, auth *DigestAuth, handle handler) (*Response, error) {
		t.Helper()
		return mockClient(t, ClientOptions{Auth: auth}, handle).Request(t.Context(), "GET", "https://example.org/", RequestOptions{}, SendOptions{})
	}
	t.Run("AU09 no challenge, no second request", func(t *testing.T) {
		for name, response := range map[string]*Response{
			"200": respond(200), "401 without a header": respond(401), "200 with one": respond(200, "WWW-Authenticate", challenge("")),
			"another scheme": respond(401, "WWW-Authenticate", "Token"), "Basic": respond(401, "WWW-Authenticate", `Basic realm="x"`),
		} {
			got, err := send(t, digest(), func(_ context.Context, r *Request) (*Response, error) {
				if r.Headers.Has("Authorization") {
					t.Errorf("%s: authorized", name)
				}
				return response, nil
			})
			if err != nil || len(got.History) != 0 {
				t.Error(name, got, err)
			}
		}
	})
	for algorithm, length := range map[string]int{"MD5": 32, "MD5-SESS": 32, "SHA": 40, "SHA-SESS": 40, "SHA-256": 64, "SHA-256-SESS": 64,
		"SHA-512": 128, "SHA-512-SESS": 128, "SHA-512-256": 64, "sha-512-256-sess": 64} {
		t.Run("AU10 "+algorithm, func(t *testing.T) {
			var seen []string
			response, err := send(t, digest(), challenging(200, &seen, challenge(`, qop="auth", algorithm=`+algorithm)))
			if err != nil || response.StatusCode != 200 || len(response.History) != 1 {
				t.Fatal(response, err)
			}
			fields := digestFields(t, seen[0])
			if len(fields["response"]) != length || fields["cnonce"] != "abababababababab" || fields["nc"] != "00000001" || fields["username"] != "user" ||
				fields["uri"] != "/" || fields["algorithm"] != algorithm || fields["qop"] != "auth" || fields["opaque"] == "" || fields["realm"] != "httpx@example.org" {
				t.Errorf("%q", seen[0])
			}
			if regexp.MustCompile(`(algorithm|qop|nc)="|(username|realm|nonce|uri|response|opaque|cnonce)=[^"]`).MatchString(strings.TrimPrefix(seen[0], "Digest ")) {
				t.Errorf("quoting: %q", seen[0])
			}
		})
	}
	t.Run("AU11 without qop", func(t *testing.T) {
		var seen []string
		if _, err := send(t, digest(), challenging(200, &seen, challenge(""))); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"qop", "nc", "cnonce"} {
			if _, given := digestFields(t, seen[0])[name]; given {
				t.Errorf("%s is in %q", name, seen[0])
			}
		}
	})
	for qop, want := range map[string]string{"auth, auth-int": "auth", "auth,auth-int": "auth", "unknown,auth": "auth", "auth-int": "auth-int", "AUTH": "auth"} {
		t.Run("AU12 qop "+qop, func(t *testing.T) {
			var seen []string
			if _, err := send(t, digest(), challenging(200, &seen, challenge(`, qop="`+qop+`"`))); err != nil || digestFields(t, seen[0])["qop"] != want {
				t.Error(seen, err)
			}
		})
	}
	for name, test := range map[string]struct{ line, text string }{
		"AU13 unknown qop":       {challenge(`, qop="auth-foo"`), "Unexpected qop value 'auth-foo' in digest auth"},
		"AU22 unknown algorithm": {challenge(`, algorithm=WHIRLPOOL`), "unknown Digest algorithm 'WHIRLPOOL'"},
		"AU17 missing nonce":     {`Digest realm="httpx@example.org", qop="auth"`, "Malformed Digest WWW-Authenticate header"},
		"AU17 missing realm":     {`Digest nonce="x"`, "Malformed"},
		"AU17 unterminated":      {`Digest realm="httpx@example.org, qop="auth,au`, "Malformed"},
		"AU17 nothing":           {`Digest `, "Malformed"},
		"injected algorithm":     {"Digest realm=\"x\", nonce=\"y\", algorithm=\"MD5\tEvil\"", "Malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			var seen []string
			_, err := send(t, digest(), challenging(200, &seen, test.line))
			wantClass(t, err, ProtocolError, test.text)
		})
	}
	t.Run("AU14 wrong credentials", func(t *testing.T) {
		var seen []string
		response, err := send(t, digest(), challenging(401, &seen, challenge("")))
		if err != nil || response.StatusCode != 401 || len(response.History) != 1 || len(seen) != 1 {
			t.Error(response, err)
		}
	})
	t.Run("AU15 AU16 UA02 a challenge is reused until it is refused", func(t *testing.T) {
		var seen []string
		nonce, refuse := "one", false
		client := mockClient(t, ClientOptions{Auth: digest()}, func(_ context.Context, r *Request) (*Response, error) {
			if value, given := r.Headers.Get("Authorization"); given && !refuse {
				seen = append(seen, value)
				return respond(200), nil
			}
			refuse = false
			return respond(401, "WWW-Authenticate", `Digest realm="r", qop="auth", nonce="`+nonce+`"`), nil
		})
		if n := len(get(t, client, "http://h/").History); n != 1 {
			t.Error("first", n)
		}
		if n := len(get(t, client, "http://h/").History); n != 0 {
			t.Error("second", n)
		}
		nonce, refuse = "two", true
		if n := len(get(t, client, "http://h/").History); n != 1 {
			t.Error("third", n)
		}
		var got []string
		for _, value := range seen {
			got = append(got, digestFields(t, value)["nonce"]+" "+digestFields(t, value)["nc"])
		}
		if text := strings.Join(got, ", "); text != "one 00000001, one 00000002, two 00000001" {
			t.Error(text)
		}
		if n := len(get(t, client, "http://other/").History); n != 1 {
			t.Error("the challenge of one origin was used for another")
		}
	})
	t.Run("AU22 several challenges in one line and in several", func(t *testing.T) {
		for _, lines := range [][]string{
			{`Basic realm="b", ` + challenge("")}, {`Basic realm="b"`, challenge("")}, {`Negotiate, ` + challenge("")}, {`Negotiate dG9rZW4=, ` + challenge("")},
			{challenge(`, algorithm=UNKNOWN`) + ", " + challenge(`, algorithm=SHA-256`)},
		} {
			var seen []string
			if response, err := send(t, digest(), challenging(200, &seen, lines...)); err != nil || len(seen) != 1 {
				t.Errorf("%q: %v %v", lines, response, err)
			}
		}
	})
	t.Run("AU19 a consumed streaming body", func(t *testing.T) {
		var seen []string
		handle := challenging(200, &seen, challenge(""))
		transport := transportFunc(func(ctx context.Context, r *Request) (*Response, error) {
			if _, err := r.Content.Stream(); err != nil {
				return nil, err
			}
			return handle(ctx, r)
		})
		client := mockClient(t, ClientOptions{Auth: digest(), Transport: transport}, nil)
		content, headers := StreamContent(&listStream{chunks: []string{"x"}}, -1)
		_, err := client.Request(t.Context(), "POST", "http://h/", RequestOptions{Content: content, ContentHeaders: headers}, SendOptions{})
		wantClass(t, err, StreamConsumed, "authentication flow")
	})
	t.Run("UA03 cookies of the 401 go with the retry", func(t *testing.T) {
		got := ""
		if _, err := send(t, digest(), func(_ context.Context, r *Request) (*Response, error) {
			if r.Headers.Has("Authorization") {
				got = header(r.Headers, "Cookie")
				return respond(200), nil
			}
			return respond(401, "WWW-Authenticate", challenge(""), "Set-Cookie", "session=1"), nil
		}); err != nil || got != "session=1" {
			t.Error(got, err)
		}
	})
	t.Run("a challenge of another origin behind a redirect is not answered", func(t *testing.T) {
		client := mockClient(t, ClientOptions{Auth: digest(), FollowRedirects: true}, func(_ context.Context, r *Request) (*Response, error) {
			if r.Headers.Has("Authorization") {
				t.Error("answered")
			}
			if r.URL.Host() == "h" {
				return respond(302, "Location", "http://evil/"), nil
			}
			return respond(401, "WWW-Authenticate", challenge("")), nil
		})
		if response := get(t, client, "http://h/"); response.StatusCode != 401 {
			t.Error(response)
		}
	})
}

func TestDigestVectors(t *testing.T) {
	answer := func(username, password, url, method string, challenge digestChallenge, cnonce string, body string) string {
		auth := NewDigestAuth(username, password, constantRand(0))
		content, headers := BytesContent([]byte(body))
		u, _ := ParseURL(url)
		request, err := NewRequest(method, u, RequestOptions{Content: content, ContentHeaders: headers})
		if err != nil {
			t.Fatal(err)
		}
		if err := auth.authorizeWith(t.Context(), request, challenge, cnonce); err != nil {
			t.Fatal(err)
		}
		return digestFields(t, header(request.Headers, "Authorization"))["response"]
	}
	rfc7616 := digestChallenge{realm: "http-auth@example.org", nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", qop: "auth, auth-int", hasQOP: true, count: 1}
	t.Run("UA04 RFC 2069", func(t *testing.T) {
		challenge := digestChallenge{realm: "testrealm@host.com", nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093", algorithm: "MD5", count: 1}
		if got := answer("Mufasa", "CircleOfLife", "https://www.nowhere.org/dir/index.html", "GET", challenge, "", ""); got != "1949323746fe6a43ef61f9606e7febea" {
			t.Error(got)
		}
	})
	for algorithm, want := range map[string]string{"MD5": "8ca523f5e9506fed4657c9700eebdbec", "SHA-256": "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"} {
		t.Run("UA05 RFC 7616 "+algorithm, func(t *testing.T) {
			rfc7616.algorithm = algorithm
			if got := answer("Mufasa", "Circle of Life", "http://www.example.org/dir/index.html", "GET", rfc7616, "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", ""); got != want {
				t.Error(got)
			}
		})
	}
	t.Run("auth-int covers the body", func(t *testing.T) {
		// RFC 7616's values with qop auth-int, computed with another MD5 implementation.
		rfc7616.algorithm, rfc7616.qop = "MD5", "auth-int"
		got := answer("Mufasa", "Circle of Life", "http://www.example.org/dir/index.html", "POST", rfc7616, "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", "hello")
		if got != "23fef4d928a3e9fa6e0b0de51288c997" {
			t.Error(got)
		}
	})
}

func TestNetRC(t *testing.T) {
	text := `# a comment
machine netrcexample.org login example-username password "pass \"word"
machine nopass.org login only
macdef init
  machine evil.org login x password y

machine netrcexample.org login second password second
default login anonymous password guest
`
	auth, err := NewNetRCAuth(text)
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]string{
		"netrcexample.org": basicHeader("example-username", `pass "word`), "nopass.org": "", "other.org": basicHeader("anonymous", "guest"),
		"evil.org": basicHeader("anonymous", "guest"),
	} {
		t.Run("AU06 "+host, func(t *testing.T) {
			got := ""
			client := mockClient(t, ClientOptions{Auth: auth}, func(_ context.Context, r *Request) (*Response, error) {
				got = header(r.Headers, "Authorization")
				return respond(200), nil
			})
			if get(t, client, "http://"+host+"/"); got != want {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
	t.Run("R18 the default entry does not go to a redirect's target", func(t *testing.T) {
		client := mockClient(t, ClientOptions{Auth: auth, FollowRedirects: true}, func(_ context.Context, r *Request) (*Response, error) {
			if r.URL.Host() == "start.org" {
				return respond(302, "Location", "http://other.org/"), nil
			}
			if r.Headers.Has("Authorization") {
				t.Error("sent")
			}
			return respond(200), nil
		})
		get(t, client, "http://start.org/")
	})
	for bad, where := range map[string]string{
		"machine": "line 1", "machine h login": "line 1", "\n\nlogin x": "line 3", "machine h\nrubbish s3cret": "line 2", "machine h password \"s3cret": "line 1",
		strings.Repeat(" ", maxNetRC+1): "longer than",
	} {
		_, err := NewNetRCAuth(bad)
		wantClass(t, err, ValueError, where)
		if strings.Contains(err.Error(), "s3cret") {
			t.Error(err)
		}
	}
}

func FuzzChallenges(f *testing.F) {
	for _, seed := range []string{`Digest realm="a", nonce="b", qop="auth,auth-int"`, `Basic realm="x", Digest nonce=1`, `Negotiate abc==`, `,,`, `a=b`, `Digest a="\`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		challenges, _ := parseChallenges(line)
		for _, c := range challenges {
			if c.scheme == "" {
				t.Errorf("a challenge without a scheme from %q", line)
			}
		}
	})
}

func FuzzNetRC(f *testing.F) {
	f.Add("machine h login u password p")
	f.Add("default login \"a\\\"b\"\nmacdef x\ny\n\nmachine z")
	f.Fuzz(func(t *testing.T, text string) {
		if auth, err := NewNetRCAuth(text); (auth == nil) == (err == nil) {
			t.Error(auth, err)
		}
	})
}
