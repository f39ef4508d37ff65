package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

func appClient(t *testing.T, options AppOptions, handle http.HandlerFunc) *Client {
	return mockClient(t, ClientOptions{Transport: NewAppTransport(handle, options)}, nil)
}

func TestAppTransport(t *testing.T) {
	t.Run("AS01 what the app sees", func(t *testing.T) {
		client := appClient(t, AppOptions{}, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			fmt.Fprintf(w, "%s %s %s %s %q %s %d %s", r.Method, r.URL.Path, r.RequestURI, r.Host, body, r.RemoteAddr, r.ContentLength, r.Header.Get("X-A"))
		})
		content, headers := BytesContent([]byte("hi"))
		response, err := client.Request(t.Context(), "POST", "http://app/a%20b?q=%2F", RequestOptions{
			Content: content, ContentHeaders: headers, Headers: NewHeaders([][2]string{{"x-a", "1"}})}, SendOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if text, _ := response.Text(); text != `POST /a b /a%20b?q=%2F app "hi" 127.0.0.1:123 2 1` {
			t.Error(text)
		}
	})
	t.Run("both bodies stream at the same time", func(t *testing.T) {
		client := appClient(t, AppOptions{}, func(w http.ResponseWriter, r *http.Request) {
			buffer := make([]byte, 100)
			for {
				n, err := r.Body.Read(buffer)
				w.Write([]byte(strings.ToUpper(string(buffer[:n]))))
				w.(http.Flusher).Flush()
				if err != nil {
					return
				}
			}
		})
		turns := make(chan string)
		content, headers := StreamContent(channelStream(turns), -1)
		var response *Response
		sent := make(chan error)
		go func() {
			var err error
			response, err = client.Request(t.Context(), "POST", "http://app/", RequestOptions{Content: content, ContentHeaders: headers}, SendOptions{Stream: true})
			sent <- err
		}()
		turns <- "one"
		if err := <-sent; err != nil {
			t.Fatal(err)
		}
		body := response.BytesIter(0)
		for _, word := range []string{"ONE", "TWO", "THREE"} {
			if chunk, err := body.Next(t.Context()); string(chunk) != word || err != nil {
				t.Fatal(string(chunk), err)
			}
			if next := map[string]string{"ONE": "two", "TWO": "three"}[word]; next != "" {
				turns <- next
			}
		}
		close(turns)
		if _, err := body.Next(t.Context()); err != io.EOF {
			t.Error(err)
		}
	})
	t.Run("AS03 closing the response ends the handler's context", func(t *testing.T) {
		ended := make(chan error, 1)
		client := appClient(t, AppOptions{}, func(w http.ResponseWriter, r *http.Request) {
			w.(http.Flusher).Flush()
			<-r.Context().Done()
			_, err := w.Write(make([]byte, maxChunk))
			ended <- err
		})
		response, err := client.Request(t.Context(), "GET", "http://app/", RequestOptions{}, SendOptions{Stream: true})
		if err != nil {
			t.Fatal(err)
		}
		response.Close()
		if err := <-ended; err != errAppReaderGone {
			t.Error(err)
		}
	})
	t.Run("cancelling before the head", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		stop := errors.New("stop")
		client := appClient(t, AppOptions{}, func(w http.ResponseWriter, r *http.Request) {
			cancel(stop)
			<-r.Context().Done()
		})
		if _, err := client.Request(ctx, "GET", "http://app/", RequestOptions{}, SendOptions{}); err != stop {
			t.Error(err)
		}
	})
	t.Run("AS02 panics", func(t *testing.T) {
		boom := errors.New("boom")
		early := func(http.ResponseWriter, *http.Request) { panic(boom) }
		late := func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, "some")
			w.(http.Flusher).Flush()
			panic(boom)
		}
		for _, handle := range []http.HandlerFunc{early, late} {
			_, err := appClient(t, AppOptions{}, handle).Request(t.Context(), "GET", "http://app/", RequestOptions{}, SendOptions{})
			wantClass(t, err, RuntimeError, "The app failed: boom")
			if !errors.Is(err, boom) {
				t.Error(err)
			}
		}
		response := get(t, appClient(t, AppOptions{AnswerPanics: true}, early), "http://app/")
		if text, _ := response.Text(); response.StatusCode != 500 || text != "" {
			t.Error(response, text)
		}
		_, err := appClient(t, AppOptions{}, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }).
			Request(t.Context(), "GET", "http://app/", RequestOptions{}, SendOptions{})
		wantClass(t, err, RemoteProtocolError, "aborted")
	})
	t.Run("trailers, HEAD, defaults", func(t *testing.T) {
		client := appClient(t, AppOptions{}, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Trailer", "X-Sum")
			io.WriteString(w, "body")
			w.Header().Set("X-Sum", "4")
			w.Header().Set(http.TrailerPrefix+"X-Late", "1")
		})
		response := get(t, client, "http://app/")
		if header(response.Trailers(), "X-Sum") != "4" || header(response.Trailers(), "X-Late") != "1" || response.StatusCode != 200 || response.Headers.Has("X-Sum") {
			t.Error(response.Trailers(), response.Headers)
		}
		head, err := client.Request(t.Context(), "HEAD", "http://app/", RequestOptions{}, SendOptions{})
		if text, _ := head.Text(); err != nil || text != "" {
			t.Error(text, err)
		}
	})
	t.Run("a closed transport", func(t *testing.T) {
		transport := NewAppTransport(http.NotFoundHandler(), AppOptions{})
		transport.Close()
		_, err := mockClient(t, ClientOptions{Transport: transport}, nil).Request(t.Context(), "GET", "http://app/", RequestOptions{}, SendOptions{})
		wantClass(t, err, RuntimeError, "transport has been closed")
	})
}

// channelStream is a body whose chunks come from a channel.
type channelStream chan string

func (c channelStream) Next(ctx context.Context) ([]byte, error) {
	select {
	case chunk, open := <-c:
		if !open {
			return nil, io.EOF
		}
		return []byte(chunk), nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (c channelStream) Close() error { return nil }
