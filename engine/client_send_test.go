package engine

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"httpx-repl/engine/enginetest"
)

func TestClientLife(t *testing.T) {
	t.Run("AC12 CL14 closing closes every transport", func(t *testing.T) {
		main, mounted := NewMockTransport(echo), NewMockTransport(echo)
		client := mockClient(t, ClientOptions{Transport: main, Mounts: []Mount{{"custom://", mounted}, {"http://direct", nil}}}, nil)
		if err := client.Close(); err != nil || !main.closed.Load() || !mounted.closed.Load() {
			t.Error(err, "a transport was left open")
		}
	})
	t.Run("AC13 AC15 a closed client sends nothing", func(t *testing.T) {
		client := mockClient(t, ClientOptions{}, echo)
		get(t, client, "http://h.org/")
		client.Close()
		if !client.IsClosed() || client.Close() != nil {
			t.Error("closing twice")
		}
		_, err := client.Request(t.Context(), "GET", "http://h.org/", RequestOptions{}, SendOptions{})
		wantClass(t, err, RuntimeError, "Cannot send a request, as the client has been closed.")
	})
	t.Run("AC16 CL18 mounts", func(t *testing.T) {
		named := func(name string) *MockTransport {
			return NewMockTransport(func(context.Context, *Request) (*Response, error) { return respondWith(200, name), nil })
		}
		client := mockClient(t, ClientOptions{Transport: named("main"), Mounts: []Mount{
			{"custom://", named("custom")}, {"all://*h.org", named("all h")}, {"https://api.h.org", named("api")}, {"http://plain.h.org", nil},
		}}, nil)
		for url, want := range map[string]string{
			"custom://x": "custom", "https://x.org": "main", "http://h.org": "all h", "https://api.h.org/p": "api",
			"http://api.h.org": "all h", "http://plain.h.org": "main",
		} {
			if text, _ := get(t, client, url).Text(); text != want {
				t.Errorf("%s went to %s, want %s", url, text, want)
			}
		}
	})
	t.Run("AC02 URLs that nobody can send to", func(t *testing.T) {
		client := mockClient(t, ClientOptions{Transport: mustTransport(t, TransportOptions{})}, nil)
		for url, text := range map[string]string{
			"invalid://example.org": "unsupported protocol 'invalid://'", "://example.org": "missing an 'http://'",
			"http://": "missing a host", "localhost:8080/p": "unsupported protocol 'localhost://'", "127.0.0.1:80/p": "missing an 'http://'",
		} {
			_, err := client.Request(t.Context(), "GET", url, RequestOptions{}, SendOptions{})
			if !errors.Is(err, UnsupportedProtocol) && !errors.Is(err, LocalProtocolError) || !strings.Contains(err.Error(), text) {
				t.Errorf("%s: %v", url, err)
			}
		}
	})
	t.Run("AC03 a built request may be changed", func(t *testing.T) {
		client := mockClient(t, ClientOptions{}, func(_ context.Context, r *Request) (*Response, error) {
			return respondWith(200, header(r.Headers, "X-Late")), nil
		})
		request := build(t, client, "GET", "http://h.org/", RequestOptions{})
		request.Headers.Set("X-Late", "yes")
		response, err := client.Send(t.Context(), request, SendOptions{})
		if text, _ := response.Text(); err != nil || text != "yes" {
			t.Error(text, err)
		}
	})
	t.Run("AC18 a body that breaks closes the response", func(t *testing.T) {
		broken := &listStream{chunks: []string{"a"}, err: errors.New("broken")}
		client := mockClient(t, ClientOptions{}, func(context.Context, *Request) (*Response, error) {
			return &Response{StatusCode: 200, Stream: broken}, nil
		})
		_, err := client.Request(t.Context(), "GET", "http://h.org/", RequestOptions{}, SendOptions{})
		if err == nil || err.Error() != "broken" || !broken.closed {
			t.Error(err, broken.closed)
		}
	})
	t.Run("a client needs a clock and randomness", func(t *testing.T) {
		_, err := NewClient(ClientOptions{})
		wantClass(t, err, ValueError, "Clock")
	})
	t.Run("a cancelled context sends nothing and gives its cause", func(t *testing.T) {
		client := mockClient(t, ClientOptions{}, func(context.Context, *Request) (*Response, error) {
			t.Error("sent")
			return respond(200), nil
		})
		ctx, cancel := context.WithCancelCause(t.Context())
		stop := errors.New("stop")
		cancel(stop)
		if _, err := client.Request(ctx, "GET", "http://h.org/", RequestOptions{}, SendOptions{}); err != stop {
			t.Error(err)
		}
	})
}

func TestTimeoutMerging(t *testing.T) {
	own := NewTimeout(3 * time.Second)
	t.Run("PR03 TM03 the client's timeout applies to a bare request", func(t *testing.T) {
		var seen Timeout
		client := mockClient(t, ClientOptions{Timeout: &own}, func(_ context.Context, r *Request) (*Response, error) {
			seen = r.timeout()
			return respond(200), nil
		})
		u, _ := ParseURL("http://h.org/")
		request, _ := NewRequest("GET", u, RequestOptions{})
		if _, err := client.Send(t.Context(), request, SendOptions{}); err != nil || seen != own {
			t.Error(seen, err)
		}
	})
	t.Run("the extension wins over the option, the option over the client", func(t *testing.T) {
		client := mockClient(t, ClientOptions{}, echo)
		none := Timeout{}
		if got := build(t, client, "GET", "http://h/", RequestOptions{}).timeout(); got != DefaultTimeout {
			t.Error(got)
		}
		if got := build(t, client, "GET", "http://h/", RequestOptions{Timeout: &none}).timeout(); got != none {
			t.Error(got)
		}
		extension := map[string]any{"timeout": own}
		if got := build(t, client, "GET", "http://h/", RequestOptions{Timeout: &none, Extensions: extension}).timeout(); got != own {
			t.Error(got)
		}
	})
	t.Run("the total limit counts all hops", func(t *testing.T) {
		clock := enginetest.NewClock()
		client := mockClient(t, ClientOptions{Clock: clock.Now, FollowRedirects: true, Timeout: &Timeout{Total: 10 * time.Second}},
			func(_ context.Context, r *Request) (*Response, error) {
				clock.Advance(4 * time.Second)
				return respond(302, "Location", "/again"), nil
			})
		_, err := client.Request(t.Context(), "GET", "http://u:secret@h.org/", RequestOptions{}, SendOptions{})
		wantClass(t, err, TimeoutException, "took longer than 10s in total")
		if strings.Contains(err.Error(), "secret") {
			t.Error("the message shows the password")
		}
	})
	t.Run("CF04 CF05 repr", func(t *testing.T) {
		for want, timeout := range map[string]Timeout{
			"Timeout(timeout=5.0)":                                             DefaultTimeout,
			"Timeout(timeout=None)":                                            {},
			"Timeout(connect=None, read=5.0, write=None, pool=None)":           {Read: 5 * time.Second},
			"Timeout(connect=0.5, read=5.0, write=5.0, pool=60.0, total=30.0)": {Connect: time.Second / 2, Read: 5 * time.Second, Write: 5 * time.Second, Pool: time.Minute, Total: 30 * time.Second},
		} {
			if got := timeout.String(); got != want {
				t.Errorf("%s, want %s", got, want)
			}
		}
	})
	t.Run("CF03 repr of limits", func(t *testing.T) {
		limits := Limits{MaxConnections: 100, MaxKeepaliveConnections: Unlimited, KeepaliveExpiry: 5 * time.Second}
		if got := limits.String(); got != "Limits(max_connections=100, max_keepalive_connections=None, keepalive_expiry=5.0)" {
			t.Error(got)
		}
	})
}

func TestHooks(t *testing.T) {
	var log []string
	note := func(name string) ([]RequestHook, []ResponseHook) {
		return []RequestHook{func(_ context.Context, r *Request) error {
				log = append(log, name+" request "+r.URL.Path()+" "+header(r.Headers, "Authorization"))
				return nil
			}}, []ResponseHook{func(_ context.Context, r *Response) error {
				log = append(log, name+" response "+r.String())
				if len(r.History) != 0 {
					t.Error("EH05: the history is filled in already")
				}
				return nil
			}}
	}
	t.Run("EH01 EH03 EH05 order, each hop", func(t *testing.T) {
		log = nil
		one, oneResponse := note("1")
		two, twoResponse := note("2")
		client := mockClient(t, ClientOptions{
			FollowRedirects: true, Auth: NewBasicAuth("u", "p"),
			Hooks: Hooks{Request: append(one, two...), Response: append(oneResponse, twoResponse...)},
		}, func(_ context.Context, r *Request) (*Response, error) {
			if r.URL.Path() == "/a" {
				return respond(302, "Location", "/b"), nil
			}
			return respond(200), nil
		})
		get(t, client, "http://h.org/a")
		want := []string{
			"1 request /a Basic dTpw", "2 request /a Basic dTpw", "1 response <Response [302 Found]>", "2 response <Response [302 Found]>",
			"1 request /b Basic dTpw", "2 request /b Basic dTpw", "1 response <Response [200 OK]>", "2 response <Response [200 OK]>",
		}
		if !slices.Equal(log, want) {
			t.Errorf("%q", log)
		}
	})
	t.Run("EH02 a response hook that fails closes the response", func(t *testing.T) {
		stream := &listStream{chunks: []string{"a"}}
		bad := errors.New("bad")
		client := mockClient(t, ClientOptions{Hooks: Hooks{Response: []ResponseHook{func(context.Context, *Response) error { return bad }}}},
			func(context.Context, *Request) (*Response, error) {
				return &Response{StatusCode: 200, Stream: stream}, nil
			})
		if _, err := client.Request(t.Context(), "GET", "http://h.org/", RequestOptions{}, SendOptions{}); err != bad || !stream.closed {
			t.Error(err, stream.closed)
		}
	})
	t.Run("EH06 a request hook changes what is sent", func(t *testing.T) {
		client := mockClient(t, ClientOptions{Hooks: Hooks{Request: []RequestHook{func(_ context.Context, r *Request) error {
			r.Headers.Set("X-Hook", "1")
			return nil
		}}}}, func(_ context.Context, r *Request) (*Response, error) {
			return respondWith(200, header(r.Headers, "X-Hook")), nil
		})
		if text, _ := get(t, client, "http://h.org/").Text(); text != "1" {
			t.Error(text)
		}
	})
}

func TestNewRequest(t *testing.T) {
	u, _ := ParseURL("http://example.org")
	make := func(method string, options RequestOptions) *Request {
		t.Helper()
		r, err := NewRequest(method, u, options)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	t.Run("RQ01 RQ02 RQ12", func(t *testing.T) {
		r := make("get", RequestOptions{})
		if r.String() != "<Request('GET', 'http://example.org')>" || names(r.Headers) != "Host" || r.URL.RawPath() != "/" {
			t.Error(r, r.Headers)
		}
	})
	t.Run("RQ03 a streamed body is chunked unless its length is given", func(t *testing.T) {
		content, headers := StreamContent(&listStream{chunks: []string{"a", "b"}}, -1)
		r := make("POST", RequestOptions{Content: content, ContentHeaders: headers})
		if names(r.Headers) != "Host Transfer-Encoding" {
			t.Error(r.Headers)
		}
		r = make("POST", RequestOptions{Content: content, ContentHeaders: headers, Headers: NewHeaders([][2]string{{"content-length", "2"}})})
		if names(r.Headers) != "Host content-length" {
			t.Error(r.Headers)
		}
	})
	t.Run("RQ06 RQ07 reading makes a body replayable", func(t *testing.T) {
		content, headers := StreamContent(&listStream{chunks: []string{"a", "b"}}, -1)
		r := make("POST", RequestOptions{Content: content, ContentHeaders: headers})
		_, err := r.Body()
		wantClass(t, err, RequestNotRead, "without having called `read()`")
		for range 2 {
			if body, err := r.Read(t.Context()); err != nil || string(body) != "ab" {
				t.Fatal(body, err)
			}
		}
		if body, err := r.Body(); err != nil || string(body) != "ab" {
			t.Error(body, err)
		}
	})
	t.Run("RQ08 headers can be overridden", func(t *testing.T) {
		content, headers := BytesContent([]byte("abc"))
		r := make("POST", RequestOptions{Content: content, ContentHeaders: headers, Headers: NewHeaders([][2]string{{"Host", "x"}, {"Content-Length", "9"}})})
		if header(r.Headers, "Host") != "x" || header(r.Headers, "Content-Length") != "9" {
			t.Error(r.Headers)
		}
	})
	t.Run("R8 a method is one word", func(t *testing.T) {
		for _, method := range []string{"", "GET /evil HTTP/1.1\r\nX: y", "GE T", "GÉT"} {
			_, err := NewRequest(method, u, RequestOptions{})
			wantClass(t, err, LocalProtocolError, "invalid method")
		}
	})
	t.Run("extensions are copied", func(t *testing.T) {
		given := map[string]any{"a": 1}
		r := make("GET", RequestOptions{Extensions: given})
		r.Extensions["b"] = 2
		if !maps.Equal(given, map[string]any{"a": 1}) {
			t.Error(given)
		}
	})
}
