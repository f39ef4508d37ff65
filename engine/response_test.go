package engine

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"httpx-repl/engine/enginetest"
)

func hello() *Response {
	return &Response{StatusCode: 200, Headers: NewHeaders(nil), Stream: &listStream{chunks: []string{"Hello, ", "world!"}}}
}

// collect walks to the end.
func collect[T any](t *testing.T, it *Iterator[T]) []T {
	t.Helper()
	var items []T
	for {
		item, err := it.Next(t.Context())
		if err == io.EOF {
			if _, err := it.Next(t.Context()); err != io.EOF {
				t.Errorf("after the end: %v", err)
			}
			return items
		}
		if err != nil {
			t.Fatal(err)
		}
		items = append(items, item)
	}
}

func texts(chunks [][]byte) []string {
	var list []string
	for _, chunk := range chunks {
		list = append(list, string(chunk))
	}
	return list
}

func TestResponseChunks(t *testing.T) {
	for size, want := range map[int][]string{
		0: {"Hello, ", "world!"}, 5: {"Hello", ", wor", "ld!"}, 7: {"Hello, ", "world!"}, 13: {"Hello, world!"}, 20: {"Hello, world!"}, 1: strings.Split("Hello, world!", ""),
	} {
		t.Run(fmt.Sprintf("RS09 raw by %d", size), func(t *testing.T) {
			response := hello()
			if got := texts(collect(t, response.RawIter(size))); !slices.Equal(got, want) {
				t.Errorf("%q", got)
			}
			if !response.IsClosed() || !response.IsStreamConsumed() || response.NumBytesDownloaded() != 13 {
				t.Error(response.IsClosed(), response.IsStreamConsumed(), response.NumBytesDownloaded())
			}
		})
		t.Run(fmt.Sprintf("RS13 text by %d", size), func(t *testing.T) {
			if got := collect(t, hello().TextIter(size)); !slices.Equal(got, want) {
				t.Errorf("%q", got)
			}
		})
	}
	t.Run("RS13 characters, not bytes", func(t *testing.T) {
		response := &Response{StatusCode: 200, Headers: NewHeaders(nil), Stream: &listStream{chunks: []string{"a\xc3", "\xbcb\xe2\x82", "\xacc"}}}
		if got := collect(t, response.TextIter(2)); !slices.Equal(got, []string{"aü", "b€", "c"}) {
			t.Errorf("%q", got)
		}
	})
	t.Run("RS13 lines", func(t *testing.T) {
		response := &Response{StatusCode: 200, Headers: NewHeaders(nil), Stream: &listStream{chunks: []string{"a\r", "\nb\n\n", "c"}}}
		if got := collect(t, response.LinesIter(LineOptions{})); !slices.Equal(got, []string{"a", "b", "", "c"}) {
			t.Errorf("%q", got)
		}
	})
	t.Run("RS11 the count grows with the chunks", func(t *testing.T) {
		response := hello()
		raw := response.RawIter(0)
		raw.Next(t.Context())
		if n := response.NumBytesDownloaded(); n != 7 {
			t.Error(n)
		}
	})
	t.Run("RS12 loaded content", func(t *testing.T) {
		response := respondWith(200, "Hello, world!")
		for range 2 {
			if got := texts(collect(t, response.BytesIter(5))); !slices.Equal(got, []string{"Hello", ", wor", "ld!"}) {
				t.Errorf("%q", got)
			}
		}
		if got := collect(t, respond(200).BytesIter(0)); len(got) != 0 {
			t.Errorf("an empty body gives %q", got)
		}
		empty := &Response{StatusCode: 200, Headers: NewHeaders(nil), Stream: &listStream{chunks: []string{"", "a", ""}}}
		if got := texts(collect(t, empty.BytesIter(0))); !slices.Equal(got, []string{"a"}) {
			t.Errorf("%q", got)
		}
	})
}

func TestResponseLife(t *testing.T) {
	read := func(t *testing.T, r *Response) error {
		_, err := r.Read(t.Context())
		return err
	}
	t.Run("RS14 AC05 reading closes", func(t *testing.T) {
		response := hello()
		if response.IsClosed() || response.IsStreamConsumed() {
			t.Error("closed at once")
		}
		if body, err := response.Read(t.Context()); err != nil || string(body) != "Hello, world!" || !response.IsClosed() {
			t.Error(string(body), err)
		}
		if body, err := response.Content(); err != nil || string(body) != "Hello, world!" {
			t.Error(string(body), err)
		}
	})
	t.Run("RS08 loaded responses are closed", func(t *testing.T) {
		response := respondWith(200, "")
		if text, err := response.Text(); !response.IsClosed() || text != "" || err != nil || read(t, response) != nil {
			t.Error(text, err)
		}
	})
	t.Run("AC06 unread content", func(t *testing.T) {
		response := hello()
		response.Close()
		_, err := response.Content()
		wantClass(t, err, ResponseNotRead, "without having called `read()`")
		_, err = response.Text()
		wantClass(t, err, ResponseNotRead, "")
	})
	t.Run("RS15 read after iterating, and after closing", func(t *testing.T) {
		response := hello()
		collect(t, response.BytesIter(0))
		wantClass(t, read(t, response), StreamConsumed, "more than once")
		response = hello()
		response.Close()
		wantClass(t, read(t, response), StreamClosed, "has been closed")
	})
	t.Run("RS25 after reading, everything but raw can be repeated", func(t *testing.T) {
		response := hello()
		response.Read(t.Context())
		for range 2 {
			if got := collect(t, response.LinesIter(LineOptions{})); !slices.Equal(got, []string{"Hello, world!"}) {
				t.Error(got)
			}
		}
		_, err := response.RawIter(0).Next(t.Context())
		wantClass(t, err, StreamConsumed, "")
	})
	t.Run("RS25 reading after part of an iteration", func(t *testing.T) {
		response := hello()
		response.BytesIter(0).Next(t.Context())
		wantClass(t, read(t, response), StreamConsumed, "")
	})
	t.Run("leaving an iteration closes the response; one that never began does not", func(t *testing.T) {
		response := hello()
		it := response.TextIter(0)
		it.Close()
		if response.IsClosed() {
			t.Error("closed without having read")
		}
		it = response.TextIter(0)
		it.Next(t.Context())
		it.Close()
		if !response.IsClosed() {
			t.Error("left open")
		}
		if _, err := it.Next(t.Context()); err != io.EOF {
			t.Error(err)
		}
	})
	t.Run("RS16 RS26 elapsed runs from before the transport to the end of the body", func(t *testing.T) {
		clock := enginetest.NewClock()
		client := mockClient(t, ClientOptions{Clock: clock.Now}, func(context.Context, *Request) (*Response, error) {
			clock.Advance(time.Second)
			return hello(), nil
		})
		response, err := client.Request(t.Context(), "GET", "http://h/", RequestOptions{}, SendOptions{Stream: true})
		if err != nil {
			t.Fatal(err)
		}
		_, err = response.Elapsed()
		wantClass(t, err, RuntimeError, "'.elapsed' may only be accessed after the response has been read or closed.")
		clock.Advance(2 * time.Second)
		response.Read(t.Context())
		clock.Advance(time.Hour)
		if elapsed, err := response.Elapsed(); err != nil || elapsed != 3*time.Second {
			t.Error(elapsed, err)
		}
		_, err = respond(200).Elapsed()
		wantClass(t, err, RuntimeError, "")
	})
	t.Run("RS22 AC02 without a request", func(t *testing.T) {
		wantClass(t, respond(200).RaiseForStatus(), RuntimeError, "request instance has not been set")
		_, err := respond(200).Cookies()
		wantClass(t, err, RuntimeError, "has not been set")
	})
}

func TestResponseSize(t *testing.T) {
	response := func(limit int64, stream ByteStream) *Response {
		return &Response{StatusCode: 200, Headers: NewHeaders(nil), Stream: stream, limit: limit, capacity: limit}
	}
	t.Run("at the limit and one over", func(t *testing.T) {
		if _, err := response(13, hello().Stream).Read(t.Context()); err != nil {
			t.Error(err)
		}
		stream := &listStream{chunks: []string{"Hello, ", "world!"}}
		_, err := response(12, stream).Read(t.Context())
		wantClass(t, err, ResponseTooLarge, "larger than 12 bytes")
		if !stream.closed {
			t.Error("left open")
		}
		for _, next := range []func(context.Context) error{
			func(ctx context.Context) (err error) {
				it := response(100, endless{}).RawIter(0)
				_, err = it.Next(ctx)
				return
			},
			func(ctx context.Context) (err error) {
				it := response(100, endless{}).TextIter(5)
				_, err = it.Next(ctx)
				return
			},
		} {
			wantClass(t, next(t.Context()), ResponseTooLarge, "")
		}
	})
	t.Run("R10 a bomb", func(t *testing.T) {
		var bomb bytes.Buffer
		w := gzip.NewWriter(&bomb)
		w.Write(make([]byte, 8<<20))
		w.Close()
		r := response(1<<20, &listStream{chunks: []string{bomb.String()}})
		r.Headers.Set("Content-Encoding", "gzip")
		_, err := r.Read(t.Context())
		wantClass(t, err, ResponseTooLarge, "")
	})
	t.Run("request over client over default", func(t *testing.T) {
		client := mockClient(t, ClientOptions{MaxResponseSize: 5}, func(context.Context, *Request) (*Response, error) { return hello(), nil })
		_, err := client.Request(t.Context(), "GET", "http://h/", RequestOptions{}, SendOptions{})
		wantClass(t, err, ResponseTooLarge, "")
		for _, limit := range []int64{13, -1} {
			if _, err := client.Request(t.Context(), "GET", "http://h/", RequestOptions{MaxResponseSize: limit}, SendOptions{}); err != nil {
				t.Error(limit, err)
			}
		}
		if stream, memory := mockClient(t, ClientOptions{}, echo).sizeLimits(&Request{}); stream != 0 || memory != DefaultMaxResponseSize {
			t.Error(stream, memory)
		}
	})
}

func TestResponseDecoding(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	io.WriteString(w, strings.Repeat("decoded ", 10000))
	w.Close()
	headers := NewHeaders([][2]string{{"Content-Encoding", "gzip"}})
	t.Run("DC04 AC20 lazily, with the raw bytes counted", func(t *testing.T) {
		r := &Response{StatusCode: 200, Headers: headers, Stream: &listStream{chunks: []string{packed.String()[:20], packed.String()[20:]}}}
		body, err := r.Read(t.Context())
		if err != nil || len(body) != 80000 || r.NumBytesDownloaded() != int64(packed.Len()) {
			t.Error(len(body), err, r.NumBytesDownloaded())
		}
	})
	t.Run("raw bytes stay as they are", func(t *testing.T) {
		r := &Response{StatusCode: 200, Headers: headers, Stream: &listStream{chunks: []string{packed.String()}}}
		if got := texts(collect(t, r.RawIter(0))); strings.Join(got, "") != packed.String() {
			t.Error(len(got))
		}
	})
	t.Run("a recorded body is decoded already", func(t *testing.T) {
		r := &Response{StatusCode: 200, Headers: headers, Decoded: true, Wire: 99, Stream: &listStream{chunks: []string{"plain"}}}
		if body, err := r.Read(t.Context()); string(body) != "plain" || err != nil || r.NumBytesDownloaded() != 99 {
			t.Error(string(body), err)
		}
	})
	t.Run("DC05 corrupt bodies name their request and close", func(t *testing.T) {
		stream := &listStream{chunks: []string{"rubbish"}}
		client := mockClient(t, ClientOptions{}, func(context.Context, *Request) (*Response, error) {
			return &Response{StatusCode: 200, Headers: headers, Stream: stream}, nil
		})
		_, err := client.Request(t.Context(), "GET", "http://h/", RequestOptions{}, SendOptions{})
		wantClass(t, err, DecodingError, "")
		if err.(*Error).Request == nil || !stream.closed {
			t.Error(err, stream.closed)
		}
	})
	t.Run("RS21 corrupt at construction", func(t *testing.T) {
		content, _ := BytesContent([]byte("rubbish"))
		_, err := NewResponse(200, ResponseOptions{Headers: headers, Content: content})
		wantClass(t, err, DecodingError, "")
	})
	t.Run("leaving a compressed body half way leaves nothing behind", func(t *testing.T) {
		for range 50 {
			r := &Response{StatusCode: 200, Headers: headers, Stream: &listStream{chunks: []string{packed.String()}}}
			it := r.BytesIter(10)
			it.Next(t.Context())
			it.Close()
		} // goleak looks for goroutines at the end
	})
}

func TestResponseText(t *testing.T) {
	with := func(contentType, body string) *Response {
		return respondWith(200, body, "Content-Type", contentType)
	}
	for _, test := range []struct{ id, contentType, body, encoding, text string }{
		{"RS04 charset", "text/plain; charset=iso-8859-1", "Latin 1: \xff", "iso-8859-1", "Latin 1: ÿ"},
		{"RS05 quoted and upper case", `text/plain; Charset="UTF-8"`, "ü", "utf-8", "ü"},
		{"RS04 unknown charset", "text/plain; charset=invalid-codec-name", "foo", "utf-8", "foo"},
		{"RS04 none", "image/png", "ü", "utf-8", "ü"},
		{"RS05 replacement", "text/plain; charset=utf-8", "\xff", "utf-8", "\ufffd"},
	} {
		t.Run(test.id, func(t *testing.T) {
			r := with(test.contentType, test.body)
			if text, err := r.Text(); err != nil || text != test.text || r.Encoding() != test.encoding {
				t.Errorf("%q %s %v", text, r.Encoding(), err)
			}
		})
	}
	t.Run("RS07 the encoding may be set before the text is read", func(t *testing.T) {
		r := with("text/plain", "\xe9")
		if err := r.SetEncoding("latin-1"); err != nil {
			t.Fatal(err)
		}
		if text, _ := r.Text(); text != "é" {
			t.Error(text)
		}
		wantClass(t, r.SetEncoding("utf-8"), ValueError, "Setting encoding after `text` has been accessed is not allowed.")
		wantClass(t, with("", "").SetEncoding("nonsense"), ValueError, "unknown encoding")
	})
	t.Run("CL19 CL20 RS06 default encodings", func(t *testing.T) {
		options := ClientOptions{DetectEncoding: func(content []byte) string {
			if string(content) == "\xe9" {
				return "iso-8859-1"
			}
			return "utf-8"
		}}
		body := func(context.Context, *Request) (*Response, error) {
			return &Response{StatusCode: 200, Stream: &listStream{chunks: []string{"\xe9"}}}, nil
		}
		r := get(t, mockClient(t, options, body), "http://h/")
		if text, _ := r.Text(); text != "é" || r.CharsetEncoding() != "" || r.Encoding() != "iso-8859-1" {
			t.Errorf("%q", text)
		}
		r = get(t, mockClient(t, ClientOptions{DefaultEncoding: "cp1252"}, body), "http://h/")
		if text, _ := r.Text(); text != "é" {
			t.Errorf("%q", text)
		}
	})
	t.Run("DC07 a streamed text is not guessed", func(t *testing.T) {
		r := hello()
		r.DetectEncoding = func([]byte) string { return "utf-16" }
		if got := strings.Join(collect(t, r.TextIter(0)), ""); got != "Hello, world!" {
			t.Error(got)
		}
	})
}

func TestRaiseForStatus(t *testing.T) {
	more := "\nFor more information check: https://developer.mozilla.org/en-US/docs/Web/HTTP/Status/"
	for _, test := range []struct {
		status   int
		location string
		want     string
	}{
		{200, "", ""},
		{101, "", "Informational response '101 Switching Protocols' for url 'https://u:[secure]@h.org/'" + more + "101"},
		{303, "https://other.org", "Redirect response '303 See Other' for url 'https://u:[secure]@h.org/'\nRedirect location: 'https://other.org'" + more + "303"},
		{303, "https://a:b@other.org", "Redirect response '303 See Other' for url 'https://u:[secure]@h.org/'\nRedirect location: 'https://a:[secure]@other.org'" + more + "303"},
		{304, "", "Redirect response '304 Not Modified' for url 'https://u:[secure]@h.org/'" + more + "304"},
		{403, "", "Client error '403 Forbidden' for url 'https://u:[secure]@h.org/'" + more + "403"},
		{500, "", "Server error '500 Internal Server Error' for url 'https://u:[secure]@h.org/'" + more + "500"},
		{600, "", "Invalid status code '600 ' for url 'https://u:[secure]@h.org/'" + more + "600"},
	} {
		t.Run(fmt.Sprintf("RS02 RS03 RS17 AC09 %d", test.status), func(t *testing.T) {
			r := respond(test.status)
			if test.location != "" {
				r = respond(test.status, "Location", test.location)
			}
			r.Request = &Request{Method: "GET", URL: mustURL("https://u:p@h.org/"), Headers: NewHeaders(nil)}
			err := r.RaiseForStatus()
			if test.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantClass(t, err, HTTPStatusError, test.want)
			if err.(*Error).Response != r || err.Error() != test.want {
				t.Errorf("%q", err)
			}
		})
	}
}

func TestNewResponse(t *testing.T) {
	t.Run("RS01 RS23 CT11 headers of bodies", func(t *testing.T) {
		for want, make := range map[string]func() (Content, [][2]string){
			"Content-Length":              func() (Content, [][2]string) { return BytesContent([]byte("x")) },
			"Content-Length Content-Type": func() (Content, [][2]string) { return JSONContent([]byte("{}")) },
			"Transfer-Encoding":           func() (Content, [][2]string) { return StreamContent(&listStream{}, -1) },
			"":                            func() (Content, [][2]string) { return nil, nil },
		} {
			content, headers := make()
			r, err := NewResponse(200, ResponseOptions{Content: content, ContentHeaders: headers})
			if err != nil || names(r.Headers) != want || r.IsClosed() == (want == "Transfer-Encoding") {
				t.Error(want, r.Headers, err, r.IsClosed())
			}
		}
	})
	t.Run("classes of codes", func(t *testing.T) {
		for status, want := range map[int][6]bool{100: {true}, 204: {false, true}, 302: {false, false, true}, 404: {false, false, false, true, false, true}, 503: {false, false, false, false, true, true}} {
			r := respond(status)
			if got := [6]bool{r.IsInformational(), r.IsSuccess(), r.IsRedirect(), r.IsClientError(), r.IsServerError(), r.IsError()}; got != want {
				t.Error(status, got)
			}
		}
		if respond(302).HasRedirectLocation() || !respond(302, "Location", "/").HasRedirectLocation() || respond(300, "Location", "/").HasRedirectLocation() {
			t.Error("redirect location")
		}
	})
}

func TestLinks(t *testing.T) {
	for header, want := range map[string][]Link{
		"<https://example.com>; rel='preload'": {{"https://example.com", [][2]string{{"rel", "preload"}}}},
		`</a>; rel="next", </b;c,d>; rel=last; title="a=b; \"c\""`: {
			{"/a", [][2]string{{"rel", "next"}}}, {"/b;c,d", [][2]string{{"rel", "last"}, {"title", `a=b; "c"`}}}},
		"</a>;":                      {{"/a", nil}},
		"":                           nil,
		"rubbish, </x>; crossorigin": {{"/x", nil}},
		"</1>; rel=n, </2>; rel=n":   {{"/2", [][2]string{{"rel", "n"}}}},
	} {
		t.Run("RS20 HM08 HM10 "+header, func(t *testing.T) {
			got := respond(200, "Link", header).Links()
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
	if got := respond(200).Links(); got != nil {
		t.Error(got)
	}
}

func FuzzLinks(f *testing.F) {
	f.Add(`<a>; rel="b", <c>; d=e;;,`)
	f.Add(`<a>;=;,"`)
	f.Fuzz(func(t *testing.T, header string) {
		r := &Response{Headers: NewHeaders([][2]string{{"Link", header}})}
		if n := len(r.Links()); n > len(header) {
			t.Errorf("%d links in %d bytes", n, len(header))
		}
	})
}
