package lab

import (
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

const (
	maxCodings  = 8
	maxMembers  = 1000
	defaultBomb = 64 << 20
)

func (s *Server) codingEndpoints() []endpoint {
	return []endpoint{
		{usage: "/brotli", about: "JSON in brotli", example: "/brotli", pattern: "/brotli", handle: codedJSON("br", "brotli")},
		{usage: "/zstd", about: "JSON in zstd", example: "/zstd", pattern: "/zstd", handle: codedJSON("zstd", "zstd")},
		{usage: "/encoded/{codings}?text=&size=", about: "text in codings, applied from left to right: gzip,br; also deflate, deflate-raw, zstd, identity",
			example: "/encoded/gzip,br", pattern: "/encoded/{codings}", handle: encodedText},
		{usage: "/bomb/{codings}?size=64m&members=1&trailing=0", about: "size zero bytes, squeezed; members= gzip members or zstd frames, trailing= bytes of rubbish after the end",
			example: "/bomb/gzip?size=1k", pattern: "/bomb/{codings}", handle: bomb},
	}
}

// coding is a content coding of RFC 9110, 8.4.1 (zstd: RFC 8878, br: RFC 7932).
type coding struct {
	name   string
	header string // the name in Content-Encoding
	encode func(io.Writer) (io.WriteCloser, error)
}

var codings = []coding{
	{"gzip", "gzip", func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil }},
	{"deflate", "deflate", func(w io.Writer) (io.WriteCloser, error) { return zlib.NewWriter(w), nil }},
	// Some servers send deflate without zlib's frame, and clients have learned to read it.
	{"deflate-raw", "deflate", func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.DefaultCompression) }},
	{"br", "br", func(w io.Writer) (io.WriteCloser, error) { return brotli.NewWriterLevel(w, 5), nil }},
	{"zstd", "zstd", func(w io.Writer) (io.WriteCloser, error) {
		return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
	}},
	{"identity", "identity", func(w io.Writer) (io.WriteCloser, error) { return unchanged{w}, nil }},
}

type unchanged struct{ io.Writer }

func (unchanged) Close() error { return nil }

// parseCodings reads a comma-separated list, in the order in which the codings are applied.
func parseCodings(list string) ([]coding, error) {
	names := strings.Split(list, ",")
	if len(names) > maxCodings {
		return nil, fmt.Errorf("%d codings: at most %d are possible", len(names), maxCodings)
	}
	var chain []coding
	for _, name := range names {
		i := slices.IndexFunc(codings, func(c coding) bool { return c.name == name })
		if i < 0 {
			return nil, fmt.Errorf("the coding %q is unknown: use gzip, deflate, deflate-raw, br, zstd or identity", name)
		}
		chain = append(chain, codings[i])
	}
	return chain, nil
}

func contentEncoding(chain []coding) string {
	var names []string
	for _, c := range chain {
		names = append(names, c.header)
	}
	return strings.Join(names, ", ")
}

// encode writes what fill writes through chain to w.
func encode(w io.Writer, chain []coding, fill func(io.Writer) error) error {
	var closers []io.Closer
	for _, c := range slices.Backward(chain) {
		encoder, err := c.encode(w)
		if err != nil {
			return err
		}
		closers = append(closers, encoder)
		w = encoder
	}
	if err := fill(w); err != nil {
		return err
	}
	for _, closer := range slices.Backward(closers) {
		if err := closer.Close(); err != nil {
			return err
		}
	}
	return nil
}

// codedJSON answers as go-httpbin's /gzip does.
func codedJSON(name, field string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		chain, err := parseCodings(name)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Encoding", contentEncoding(chain))
		_ = encode(w, chain, func(out io.Writer) error {
			writeJSON(bodyWriter{w, out}, http.StatusOK, map[string]any{
				"args": r.URL.Query(), "headers": r.Header, "method": r.Method, field: true,
			})
			return nil
		})
	}
}

// bodyWriter sends the body another way than the head.
type bodyWriter struct {
	http.ResponseWriter
	body io.Writer
}

func (b bodyWriter) Write(p []byte) (int, error) { return b.body.Write(p) }

func encodedText(w http.ResponseWriter, r *http.Request) {
	chain, err := parseCodings(r.PathValue("codings"))
	if err != nil {
		badRequest(w, err.Error())
		return
	}
	q := queryOf(r)
	text := []byte(q.text("text", "The quick brown fox jumps over the lazy dog.\n"))
	size := q.size("size", int64(len(text)), 0, maxHeldBody)
	if len(text) == 0 && size > 0 {
		q.fail(fmt.Errorf("an empty text cannot fill %d bytes", size))
	}
	if q.refuse(w) {
		return
	}
	if len(text) > 0 {
		text = fill(text, int(size))
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Encoding", contentEncoding(chain))
	// An error here means that the client has left.
	_ = encode(w, chain, func(out io.Writer) error {
		_, err := out.Write(text)
		return err
	})
}

// bomb answers a body that is small on the wire and large when decoded.
func bomb(w http.ResponseWriter, r *http.Request) {
	chain, err := parseCodings(r.PathValue("codings"))
	if err != nil {
		badRequest(w, err.Error())
		return
	}
	q := queryOf(r)
	size := q.size("size", defaultBomb, 0, maxStreamed)
	members := q.count("members", 1, 1, maxMembers)
	trailing := q.size("trailing", 0, 0, maxHeldBody)
	if members > 1 && slices.ContainsFunc(chain, func(c coding) bool { return c.name != "gzip" && c.name != "zstd" }) {
		q.fail(fmt.Errorf("members=%d: only gzip and zstd bodies can be put one after the other", members))
	}
	if q.refuse(w) {
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Encoding", contentEncoding(chain))
	share := size / int64(members)
	for i := range members {
		if i == members-1 {
			share = size - share*int64(members-1)
		}
		err := encode(w, chain, func(out io.Writer) error { return writeZeros(r, out, share) })
		if err != nil {
			return
		}
	}
	if trailing > 0 {
		w.Write(fill([]byte("rubbish "), int(trailing)))
	}
}

func writeZeros(r *http.Request, w io.Writer, size int64) error {
	zeros := make([]byte, min(size, 64<<10))
	for size > 0 {
		if err := r.Context().Err(); err != nil {
			return err
		}
		n, err := w.Write(zeros[:min(size, int64(len(zeros)))])
		if err != nil {
			return err
		}
		size -= int64(n)
	}
	return nil
}
