package engine

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"httpx-repl/engine/enginetest"
)

type handler = func(ctx context.Context, request *Request) (*Response, error)

// constantRand gives the same byte for ever.
type constantRand byte

func (c constantRand) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(c)
	}
	return len(p), nil
}

func mockClient(t *testing.T, options ClientOptions, handle handler) *Client {
	t.Helper()
	if options.Transport == nil {
		options.Transport = NewMockTransport(handle)
	}
	if options.Clock == nil {
		options.Clock = enginetest.NewClock().Now
	}
	options.Rand = constantRand(0xab)
	options.UserAgent = "httpx-repl/test"
	client, err := NewClient(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

func respond(status int, headers ...string) *Response {
	return respondWith(status, "", headers...)
}

func respondWith(status int, body string, headers ...string) *Response {
	h := NewHeaders(nil)
	for i := 0; i < len(headers); i += 2 {
		h.Add(headers[i], headers[i+1])
	}
	content, contentHeaders := BytesContent([]byte(body))
	r, err := NewResponse(status, ResponseOptions{Headers: h, Content: content, ContentHeaders: contentHeaders})
	if err != nil {
		panic(err)
	}
	return r
}

func get(t *testing.T, client *Client, url string) *Response {
	t.Helper()
	response, err := client.Request(t.Context(), "GET", url, RequestOptions{}, SendOptions{})
	if err != nil {
		t.Fatalf("GET %s: %v", url, err)
	}
	return response
}

func build(t *testing.T, client *Client, method, url string, options RequestOptions) *Request {
	t.Helper()
	request, err := client.BuildRequest(method, url, options)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	return request
}

func echo(ctx context.Context, request *Request) (*Response, error) { return respond(200), nil }

func header(h *Headers, name string) string {
	value, _ := h.Get(name)
	return value
}

func names(h *Headers) string {
	var list []string
	for _, field := range h.Raw() {
		list = append(list, field[0])
	}
	return strings.Join(list, " ")
}

func wantClass(t *testing.T, err error, class Class, text string) {
	t.Helper()
	if !errors.Is(err, class) {
		t.Fatalf("error is %T %v, want %s", err, err, class.Name())
	}
	if !strings.Contains(err.Error(), text) {
		t.Fatalf("error is %q, want it to contain %q", err, text)
	}
}

func TestBaseURL(t *testing.T) {
	for _, test := range []struct{ id, base, url, want string }{
		{"CL05", "https://h/", "/", "https://h/"},
		{"CL06", "https://h/some", "https://other.org/p?x=1", "https://other.org/p?x=1"},
		{"CL07", "https://h/", "/testing/123", "https://h/testing/123"},
		{"CL08", "https://h/some/path", "/testing/123", "https://h/some/path/testing/123"},
		{"CL09", "https://h/some/path", "../testing/123", "https://h/some/testing/123"},
		{"CL10", "https://h/a%2Fb", "/testing:123%2F4", "https://h/a%2Fb/testing:123%2F4"},
		{"CL10 relative", "https://h/base", "./x:y", "https://h/base/x:y"},
		{"CL11 empty", "https://h/api", "", "https://h/api/"},
		{"CL11 query", "https://h/api", "?a=1", "https://h/api/?a=1"},
		{"CL11 word", "https://h/api", "v1", "https://h/api/v1"},
		{"CL12 fragment", "https://h/api", "p#f", "https://h/api/p"},
		{"CL12 network path", "https://h/api", "//other/p", "https://other/p"},
		{"CL13 base query", "https://h/api?key=1", "p", "https://h/api/p?key=1"},
		{"CL13 both queries", "https://h/api?key=1", "p?a=%20x", "https://h/api/p?key=1&a=%20x"},
		{"CL13 same key", "https://h/api?key=1&z=2", "p?key=9", "https://h/api/p?key=9&z=2"},
		{"no base", "", "https://h/x", "https://h/x"},
		{"UR20 port taken for a path", "https://h/api", "localhost:80/p", "localhost:80/p"},
	} {
		t.Run(test.id, func(t *testing.T) {
			client := mockClient(t, ClientOptions{BaseURL: test.base}, echo)
			if got := build(t, client, "GET", test.url, RequestOptions{}).URL.String(); got != test.want {
				t.Errorf("base %q + %q = %q, want %q", test.base, test.url, got, test.want)
			}
		})
	}
	t.Run("CL13 the base query stays beside params", func(t *testing.T) {
		client := mockClient(t, ClientOptions{BaseURL: "https://h/api?key=1"}, echo)
		params := NewQueryParams([][2]string{{"b", "2"}})
		if got := build(t, client, "GET", "p?a=1", RequestOptions{Params: &params}).URL.String(); got != "https://h/api/p?key=1&b=2" {
			t.Error(got)
		}
	})
	t.Run("PR01 a trailing slash is added", func(t *testing.T) {
		client := mockClient(t, ClientOptions{BaseURL: "https://h/api"}, echo)
		if got := client.BaseURL().String(); got != "https://h/api/" {
			t.Error(got)
		}
		for _, base := range []string{"https://h", "https://h/"} {
			if err := client.SetBaseURL(base); err != nil || client.BaseURL().String() != "https://h/" {
				t.Error(base, client.BaseURL(), err)
			}
		}
	})
}

func TestDefaultHeaders(t *testing.T) {
	client := mockClient(t, ClientOptions{}, echo)
	t.Run("CL15 HD01 order and values of a GET", func(t *testing.T) {
		r := build(t, client, "GET", "http://example.org/", RequestOptions{Headers: NewHeaders([][2]string{{"X-Own", "1"}})})
		want := [][2]string{{"Host", "example.org"}, {"Accept", "*/*"}, {"Accept-Encoding", "gzip, deflate, br, zstd"},
			{"Connection", "keep-alive"}, {"User-Agent", "httpx-repl/test"}, {"X-Own", "1"}}
		if !slices.Equal(r.Headers.Raw(), want) {
			t.Errorf("%v", r.Headers.Raw())
		}
	})
	t.Run("CL16 order of a JSON POST", func(t *testing.T) {
		content, headers := JSONContent([]byte(`{"test":123}`))
		r := build(t, client, "post", "http://example.org/", RequestOptions{Content: content, ContentHeaders: headers})
		if got := names(r.Headers); got != "Host Accept Accept-Encoding Connection User-Agent Content-Length Content-Type" {
			t.Error(got)
		}
		if r.Method != "POST" || header(r.Headers, "Content-Length") != "12" {
			t.Error(r.Method, r.Headers)
		}
	})
	t.Run("CL02 CL16 an empty POST has a length right after Host", func(t *testing.T) {
		for _, method := range []string{"POST", "PUT", "PATCH"} {
			r := build(t, client, method, "http://example.org/", RequestOptions{})
			if got := names(r.Headers); !strings.HasPrefix(got, "Host Content-Length Accept ") || header(r.Headers, "Content-Length") != "0" {
				t.Error(method, got)
			}
		}
		if build(t, client, "DELETE", "http://example.org/", RequestOptions{}).Headers.Has("Content-Length") {
			t.Error("DELETE has a Content-Length")
		}
	})
	t.Run("CL17 an overridden default moves to the end", func(t *testing.T) {
		r := build(t, client, "GET", "http://example.org/", RequestOptions{Headers: NewHeaders([][2]string{{"user-agent", "me"}})})
		if got := names(r.Headers); got != "Host Accept Accept-Encoding Connection user-agent" {
			t.Error(got)
		}
	})
	t.Run("HD02 the request's header wins over the client's", func(t *testing.T) {
		client := mockClient(t, ClientOptions{Headers: NewHeaders([][2]string{{"X-A", "client"}, {"X-B", "client"}})}, echo)
		r := build(t, client, "GET", "http://example.org/", RequestOptions{Headers: NewHeaders([][2]string{{"x-a", "request"}})})
		if header(r.Headers, "X-A") != "request" || header(r.Headers, "X-B") != "client" {
			t.Error(r.Headers)
		}
	})
	t.Run("HD03 HD05 changes affect later requests", func(t *testing.T) {
		before := build(t, client, "GET", "http://example.org/", RequestOptions{})
		client.Headers().Set("X-Later", "1")
		client.Headers().Delete("User-Agent")
		after := build(t, client, "GET", "http://example.org/", RequestOptions{})
		if before.Headers.Has("X-Later") || !after.Headers.Has("X-Later") || after.Headers.Has("User-Agent") {
			t.Error(before.Headers, after.Headers)
		}
		client.SetHeaders(nil)
		if !client.Headers().Has("User-Agent") {
			t.Error("setting the headers does not bring the defaults back")
		}
	})
	t.Run("HD04 repeated headers are kept apart", func(t *testing.T) {
		r := build(t, client, "GET", "http://example.org/", RequestOptions{Headers: NewHeaders([][2]string{{"X-A", "1"}, {"X-A", "2"}})})
		if got := r.Headers.GetList("X-A", false); !slices.Equal(got, []string{"1", "2"}) {
			t.Error(got)
		}
	})
	t.Run("HD08 HD09 Host has no userinfo and no default port", func(t *testing.T) {
		for url, want := range map[string]string{"http://user:pass@h:80/": "h", "http://user:pass@h:123/": "h:123", "HTTPS://EXAMPLE.COM:443": "example.com"} {
			if got := header(build(t, client, "GET", url, RequestOptions{}).Headers, "Host"); got != want {
				t.Errorf("%s: Host %q, want %q", url, got, want)
			}
		}
	})
}

func TestQueryMerging(t *testing.T) {
	pairs := func(p ...string) *QueryParams {
		var list [][2]string
		for i := 0; i < len(p); i += 2 {
			list = append(list, [2]string{p[i], p[i+1]})
		}
		q := NewQueryParams(list)
		return &q
	}
	for _, test := range []struct {
		id      string
		client  *QueryParams
		url     string
		request *QueryParams
		want    string
	}{
		{"QP02", pairs("first", "str"), "http://h/", pairs("second", "dict"), "http://h/?first=str&second=dict"},
		{"QP03", pairs("a", "1", "b", "2"), "http://h/", pairs("a", "9", "a", "8"), "http://h/?a=9&a=8&b=2"},
		{"QP04 request params", pairs(), "http://h/?a=1", pairs("b", "2"), "http://h/?b=2"},
		{"QP04 client params", pairs("k", "v"), "http://h/?a=1", nil, "http://h/?k=v"},
		{"QP05 RQ11", pairs(), "http://h/?a=1", pairs(), "http://h/"},
		{"not given", pairs(), "http://h/?a=1", nil, "http://h/?a=1"},
	} {
		t.Run(test.id, func(t *testing.T) {
			client := mockClient(t, ClientOptions{Params: *test.client}, echo)
			if got := build(t, client, "GET", test.url, RequestOptions{Params: test.request}).URL.String(); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
		})
	}
}

func TestClientCookies(t *testing.T) {
	t.Run("CK01 CK05 CK06 cookies without a domain go to every host", func(t *testing.T) {
		jar := NewCookies()
		jar.Set("a", "1", "", "/")
		jar.Set("b", "2", "", "/")
		client := mockClient(t, ClientOptions{Cookies: jar}, echo)
		if got := header(build(t, client, "GET", "http://any.org/", RequestOptions{}).Headers, "Cookie"); got != "a=1; b=2" {
			t.Error(got)
		}
		explicit := RequestOptions{Headers: NewHeaders([][2]string{{"Cookie", "mine=1"}})}
		if got := header(build(t, client, "GET", "http://any.org/", explicit).Headers, "Cookie"); got != "mine=1" {
			t.Errorf("an explicit header does not win: %s", got)
		}
	})
	t.Run("CK03 a request's cookies are not stored", func(t *testing.T) {
		client := mockClient(t, ClientOptions{}, echo)
		jar := NewCookies()
		jar.Set("once", "1", "", "/")
		r := build(t, client, "GET", "http://h.org/", RequestOptions{Cookies: jar})
		if header(r.Headers, "Cookie") != "once=1" || client.Cookies().Len() != 0 {
			t.Error(r.Headers, client.Cookies())
		}
	})
	t.Run("CK04 Set-Cookie is sent back", func(t *testing.T) {
		client := mockClient(t, ClientOptions{}, func(_ context.Context, r *Request) (*Response, error) {
			if r.URL.Path() == "/set" {
				return respond(200, "Set-Cookie", "k=v; Path=/"), nil
			}
			return respondWith(200, header(r.Headers, "Cookie")), nil
		})
		response := get(t, client, "http://h.org/set")
		cookies, err := response.Cookies()
		if err != nil || cookies.Len() != 1 || client.Cookies().Len() != 1 {
			t.Fatal(cookies, err, client.Cookies())
		}
		if text, _ := get(t, client, "http://h.org/echo").Text(); text != "k=v" {
			t.Error(text)
		}
		if text, _ := get(t, client, "http://other.org/echo").Text(); text != "" {
			t.Errorf("the cookie went to another site: %s", text)
		}
	})
}

// listStream gives its chunks and then err, or the end.
type listStream struct {
	chunks []string
	err    error
	closed bool
}

func (s *listStream) Next(ctx context.Context) ([]byte, error) {
	if len(s.chunks) == 0 {
		if s.err != nil {
			return nil, s.err
		}
		return nil, io.EOF
	}
	chunk := s.chunks[0]
	s.chunks = s.chunks[1:]
	return bytes.Clone([]byte(chunk)), nil
}

func (s *listStream) Close() error {
	s.closed = true
	return nil
}

func mustTransport(t *testing.T, options TransportOptions) *HTTPTransport {
	t.Helper()
	transport, err := NewHTTPTransport(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { transport.Close() })
	return transport
}

var fixedNow = enginetest.NewClock().Now
