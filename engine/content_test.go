package engine

import (
	"context"
	"errors"
	"io"
	"slices"
	"testing"
)

// readAll reads a content from its beginning.
func readAll(t testing.TB, content Content) (string, error) {
	t.Helper()
	stream, err := content.Stream()
	if err != nil {
		return "", err
	}
	defer stream.Close()
	var all []byte
	for {
		chunk, err := stream.Next(context.Background())
		if err == io.EOF {
			return string(all), nil
		}
		if err != nil {
			return string(all), err
		}
		if len(chunk) == 0 {
			t.Fatal("an empty chunk")
		}
		all = append(all, chunk...)
	}
}

// chunkStream gives its chunks and records that it was closed.
type chunkStream struct {
	chunks []string
	closed bool
}

func (s *chunkStream) Next(context.Context) ([]byte, error) {
	if len(s.chunks) == 0 {
		return nil, io.EOF
	}
	chunk := s.chunks[0]
	s.chunks = s.chunks[1:]
	return []byte(chunk), nil
}

func (s *chunkStream) Close() error {
	s.closed = true
	return nil
}

func TestContent(t *testing.T) {
	type made struct {
		content Content
		headers [][2]string
	}
	make2 := func(content Content, headers [][2]string) made { return made{content, headers} }
	length := func(n string) [2]string { return [2]string{"Content-Length", n} }
	for _, test := range []struct {
		name    string
		made    made
		body    string
		length  int64
		headers [][2]string
	}{
		{"CT01 nothing", make2(BytesContent(nil)), "", 0, nil},
		{"CT02 bytes", make2(BytesContent([]byte("Hello, world!"))), "Hello, world!", 13, [][2]string{length("13")}},
		{"CT13 empty bytes", make2(BytesContent([]byte{})), "", 0, nil},
		{"CT05 a stream", make2(StreamContent(&chunkStream{chunks: []string{"Hello, ", "world!"}}, -1)), "Hello, world!", -1,
			[][2]string{{"Transfer-Encoding", "chunked"}}},
		{"CT04 a stream of known length", make2(StreamContent(&chunkStream{chunks: []string{"Hello, ", "world!"}}, 13)), "Hello, world!", 13,
			[][2]string{length("13")}},
		{"CT06 JSON", make2(JSONContent([]byte(`{"a":"é"}`))), `{"a":"é"}`, 10, [][2]string{length("10"), {"Content-Type", "application/json"}}},
		{"CT07 form", make2(FormContent([][2]string{{"Hello", "world!"}, {"a", ""}, {"a", "é b"}})), "Hello=world%21&a=&a=%C3%A9+b", 28,
			[][2]string{length("28"), {"Content-Type", "application/x-www-form-urlencoded"}}},
		{"CT11 text", make2(TextContent("é")), "é", 2, [][2]string{length("2"), {"Content-Type", "text/plain; charset=utf-8"}}},
		{"CT11 HTML", make2(HTMLContent("<p>")), "<p>", 3, [][2]string{length("3"), {"Content-Type", "text/html; charset=utf-8"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			body, err := readAll(t, test.made.content)
			if err != nil || body != test.body || test.made.content.Len() != test.length {
				t.Errorf("got %q, %v, length %d", body, err, test.made.content.Len())
			}
			if !slices.Equal(test.made.headers, test.headers) {
				t.Errorf("got the headers %q", test.made.headers)
			}
			again, err := readAll(t, test.made.content)
			if _, once := test.made.content.(*streamContent); once {
				if !errors.Is(err, StreamConsumed) {
					t.Errorf("CT05 a second time: %q, %v", again, err)
				}
			} else if again != test.body || err != nil {
				t.Errorf("a second time: %q, %v", again, err)
			}
		})
	}
	t.Run("CT14 what is announced is sent", func(t *testing.T) {
		short, _ := StreamContent(&chunkStream{chunks: []string{"abc"}}, 5)
		if body, err := readAll(t, short); !errors.Is(err, LocalProtocolError) || body != "abc" {
			t.Errorf("too little: %q, %v", body, err)
		}
		long, _ := StreamContent(&chunkStream{chunks: []string{"abc", "def"}}, 5)
		if body, err := readAll(t, long); !errors.Is(err, LocalProtocolError) || body != "abc" {
			t.Errorf("too much: %q, %v", body, err)
		}
	})
	t.Run("an ended context stops a body", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(context.Background())
		reason := errors.New("stopped")
		cancel(reason)
		if _, err := NewBytesStream([]byte("a")).Next(ctx); err != reason {
			t.Errorf("got %v", err)
		}
	})
}
