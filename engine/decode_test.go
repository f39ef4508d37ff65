package engine

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"go.uber.org/goleak"
)

// encodeWith applies codings in their order.
func encodeWith(t testing.TB, data []byte, codings ...string) []byte {
	t.Helper()
	for _, coding := range codings {
		var b bytes.Buffer
		var w io.WriteCloser
		var err error
		switch coding {
		case "gzip":
			w = gzip.NewWriter(&b)
		case "deflate":
			w = zlib.NewWriter(&b)
		case "raw":
			w, err = flate.NewWriter(&b, -1)
		case "br":
			w = brotli.NewWriter(&b)
		case "zstd":
			w, err = zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1))
		default:
			t.Fatalf("no encoder for %q", coding)
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		data = b.Bytes()
	}
	return data
}

// decodeAll pushes data in chunks of at most size bytes.
func decodeAll(codings []string, limits DecodeLimits, data []byte, size int) ([]byte, error) {
	d, err := NewDecoder(codings, limits)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	var all []byte
	for len(data) > 0 {
		n := min(size, len(data))
		piece, err := d.Decode(data[:n:n])
		data = data[n:]
		for {
			if len(piece) > decodePiece {
				return all, errors.New("the piece is too large")
			}
			all = append(all, piece...)
			if err != nil || !d.Pending() {
				break
			}
			piece, err = d.Decode(nil)
		}
		if err != nil {
			return all, err
		}
	}
	rest, err := d.Flush()
	return append(all, rest...), err
}

func TestDecoder(t *testing.T) {
	defer goleak.VerifyNone(t)
	text := []byte(strings.Repeat("Hello, world! ", 5_000))
	skippable := "\x50\x2a\x4d\x18\x04\x00\x00\x00skip"
	for _, test := range []struct {
		name    string
		codings []string
		data    []byte
		want    []byte
	}{
		{"DC01 deflate", []string{"deflate"}, encodeWith(t, text, "deflate"), text},
		{"DC01 raw deflate", []string{"deflate"}, encodeWith(t, text, "raw"), text},
		{"DC01 raw deflate of one byte", []string{"deflate"}, encodeWith(t, []byte("a"), "raw"), []byte("a")},
		{"DC01 gzip", []string{"gzip"}, encodeWith(t, text, "gzip"), text},
		{"DC01 br", []string{"br"}, encodeWith(t, text, "br"), text},
		{"DC01 zstd", []string{"zstd"}, encodeWith(t, text, "zstd"), text},
		{"DC02 zstd frames", []string{"zstd"}, []byte(string(encodeWith(t, text, "zstd")) + skippable + string(encodeWith(t, []byte("end"), "zstd"))),
			append(bytes.Clone(text), "end"...)},
		{"DC03 in reverse order", []string{"deflate", "gzip"}, encodeWith(t, text, "deflate", "gzip"), text},
		{"DC03 identity anywhere", []string{"identity", "deflate", "identity", " GZip ", ""}, encodeWith(t, text, "deflate", "gzip"), text},
		{"DC03 identity alone", []string{"identity"}, text, text},
		{"DC03 none", nil, text, text},
		{"DC10 five codings", []string{"gzip", "br", "zstd", "deflate", "gzip"}, encodeWith(t, text, "gzip", "br", "zstd", "deflate", "gzip"), text},
		{"DC10 all gzip members", []string{"gzip"}, append(encodeWith(t, text, "gzip"), encodeWith(t, []byte("end"), "gzip")...),
			append(bytes.Clone(text), "end"...)},
		{"DC10 an empty member", []string{"gzip"}, encodeWith(t, nil, "gzip"), nil},
		{"DC04 no gzip data", []string{"gzip"}, nil, nil},
		{"DC04 no deflate data", []string{"deflate"}, nil, nil},
		{"DC04 no br data", []string{"br"}, nil, nil},
		{"DC02 no zstd data", []string{"zstd"}, nil, nil},
		{"DC04 no data of several codings", []string{"gzip", "br", "zstd"}, nil, nil},
		{"DC06 unknown", []string{"invalid"}, text, text},
		{"DC06 unknown before a known one", []string{"invalid", "gzip"}, encodeWith(t, text, "gzip"), text},
		{"DC06 unknown after a known one", []string{"gzip", "invalid"}, text, text},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, size := range []int{1 << 20, 1000, 1} {
				got, err := decodeAll(test.codings, DecodeLimits{}, test.data, size)
				if err != nil || !bytes.Equal(got, test.want) {
					t.Fatalf("in chunks of %d: %d bytes, %v", size, len(got), err)
				}
			}
		})
	}
}

func TestDecoderErrors(t *testing.T) {
	defer goleak.VerifyNone(t)
	text := []byte(strings.Repeat("Hello, world! ", 500))
	for _, coding := range []string{"gzip", "deflate", "br", "zstd"} {
		encoded := encodeWith(t, text, coding)
		t.Run("DC10 truncated "+coding, func(t *testing.T) {
			for n := 1; n < len(encoded); n++ {
				if _, err := decodeAll([]string{coding}, DecodeLimits{}, encoded[:n], 7); !errors.Is(err, DecodingError) {
					t.Fatalf("after %d of %d bytes: %v", n, len(encoded), err)
				}
			}
		})
		t.Run("DC05 garbage as "+coding, func(t *testing.T) {
			for _, garbage := range []string{"\x0f\xff\xff this is not compressed at all", "\xff\xff\xff\xff\xff\xff\xff\xff"} {
				if _, err := decodeAll([]string{coding}, DecodeLimits{}, []byte(garbage), 5); !errors.Is(err, DecodingError) {
					t.Errorf("%q: %v", garbage, err)
				}
			}
		})
		t.Run("an error sticks in "+coding, func(t *testing.T) {
			d, err := NewDecoder([]string{coding}, DecodeLimits{})
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			_, first := d.Decode([]byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"))
			_, second := d.Decode([]byte("more"))
			if _, third := d.Flush(); !errors.Is(first, DecodingError) || second != first || third != first {
				t.Errorf("got %v, %v, %v", first, second, third)
			}
		})
		t.Run("dropped half way "+coding, func(t *testing.T) {
			d, err := NewDecoder([]string{coding}, DecodeLimits{})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := d.Decode(encoded[:len(encoded)/2]); err != nil {
				t.Fatal(err)
			}
			d.Close()
			d.Close()
			if _, err := d.Decode(encoded[len(encoded)/2:]); !errors.Is(err, StreamClosed) {
				t.Errorf("got %v", err)
			}
		})
		t.Run("what comes early is given early by "+coding, func(t *testing.T) {
			var b bytes.Buffer
			var w interface {
				io.WriteCloser
				Flush() error
			}
			switch coding {
			case "gzip":
				w = gzip.NewWriter(&b)
			case "deflate":
				w = zlib.NewWriter(&b)
			case "br":
				w = brotli.NewWriter(&b)
			case "zstd":
				w, _ = zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1))
			}
			d, err := NewDecoder([]string{coding}, DecodeLimits{})
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			for _, message := range []string{"event 1\n", "event 2\n"} {
				io.WriteString(w, message)
				w.Flush()
				got, err := d.Decode(bytes.Clone(b.Bytes()))
				b.Reset()
				if err != nil || string(got) != message {
					t.Errorf("got %q, %v", got, err)
				}
			}
		})
	}
	t.Run("DC10 bad checksum", func(t *testing.T) {
		encoded := encodeWith(t, text, "gzip")
		encoded[len(encoded)-6] ^= 1
		if _, err := decodeAll([]string{"gzip"}, DecodeLimits{}, encoded, 1000); !errors.Is(err, DecodingError) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("DC10 garbage after the last gzip member", func(t *testing.T) {
		encoded := append(encodeWith(t, text, "gzip"), "garbage"...)
		if _, err := decodeAll([]string{"gzip"}, DecodeLimits{}, encoded, 1000); !errors.Is(err, DecodingError) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("more than five codings", func(t *testing.T) {
		if _, err := NewDecoder(strings.Split("gzip gzip gzip gzip gzip gzip", " "), DecodeLimits{}); !errors.Is(err, DecodingError) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("R10 zstd window", func(t *testing.T) {
		var b bytes.Buffer
		w, err := zstd.NewWriter(&b, zstd.WithWindowSize(32<<20), zstd.WithEncoderConcurrency(1))
		if err != nil {
			t.Fatal(err)
		}
		for range 40 {
			w.Write(make([]byte, 1<<20))
		}
		w.Close()
		if _, err := decodeAll([]string{"zstd"}, DecodeLimits{}, b.Bytes(), 1<<16); !errors.Is(err, DecodingError) ||
			!strings.Contains(err.Error(), "window") {
			t.Errorf("got %v", err)
		}
	})
}

func TestDecoderBombs(t *testing.T) {
	defer goleak.VerifyNone(t)
	zeros := make([]byte, 8<<20)
	for _, codings := range [][]string{{"gzip"}, {"deflate"}, {"br"}, {"zstd"}, {"gzip", "gzip"}, {"br", "gzip"}} {
		t.Run("R10 "+strings.Join(codings, ", "), func(t *testing.T) {
			bomb := encodeWith(t, zeros, codings...)
			if _, err := decodeAll(codings, DecodeLimits{MaxSize: 1 << 20}, bomb, 1<<16); !errors.Is(err, ResponseTooLarge) {
				t.Errorf("got %v", err)
			}
			d, err := NewDecoder(codings, DecodeLimits{})
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			// Without a limit the output still comes in pieces: the memory held is bounded, not the sum.
			size := 0
			piece, err := d.Decode(bomb)
			for err == nil {
				size += len(piece)
				if len(piece) > decodePiece {
					t.Fatalf("a piece of %d bytes", len(piece))
				}
				if !d.Pending() {
					break
				}
				piece, err = d.Decode(nil)
			}
			rest, flushErr := d.Flush()
			if size += len(rest); err != nil || flushErr != nil || size != len(zeros) {
				t.Errorf("%d bytes, %v, %v", size, err, flushErr)
			}
		})
	}
	t.Run("at and over the limit", func(t *testing.T) {
		for _, codings := range [][]string{{"gzip"}, nil} {
			data := encodeWith(t, zeros[:1000], codings...)
			if got, err := decodeAll(codings, DecodeLimits{MaxSize: 1000}, data, 100); err != nil || len(got) != 1000 {
				t.Errorf("at: %d bytes, %v", len(got), err)
			}
			if _, err := decodeAll(codings, DecodeLimits{MaxSize: 999}, data, 100); !errors.Is(err, ResponseTooLarge) {
				t.Errorf("over: %v", err)
			}
		}
	})
}

func FuzzDecoder(f *testing.F) {
	text := []byte("Hello, Hello, Hello!")
	for _, coding := range []string{"gzip", "deflate", "raw", "br", "zstd"} {
		f.Add(strings.Replace(coding, "raw", "deflate", 1), encodeWith(f, text, coding), 3)
	}
	f.Add("gzip, br", encodeWith(f, text, "gzip", "br"), 1)
	f.Add("gzip, invalid, zstd", encodeWith(f, text, "zstd"), 1)
	f.Fuzz(func(t *testing.T, codings string, data []byte, size int) {
		if size < 1 {
			t.Skip()
		}
		list := strings.Split(codings, ",")
		limits := DecodeLimits{MaxSize: 1 << 22}
		whole, errWhole := decodeAll(list, limits, data, max(len(data), 1))
		pieces, errPieces := decodeAll(list, limits, data, size)
		if (errWhole == nil) != (errPieces == nil) {
			t.Fatalf("at once %v, in pieces %v", errWhole, errPieces)
		}
		if errWhole != nil && !errors.Is(errWhole, RequestError) {
			t.Fatalf("%T %v", errWhole, errWhole)
		}
		if errWhole == nil && !bytes.Equal(whole, pieces) {
			t.Fatalf("at once %d bytes, in pieces %d", len(whole), len(pieces))
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	json := []byte(strings.Repeat(`{"id": 1234, "name": "an item of a list", "tags": ["a", "b"]}, `, 16))
	for _, bench := range []struct {
		name, coding string
		data         []byte
	}{
		{"gzip 1 KB", "gzip", json}, {"gzip 1 MB", "gzip", bytes.Repeat(json, 1000)}, {"br 1 KB", "br", json}, {"zstd 1 MB", "zstd", bytes.Repeat(json, 1000)},
	} {
		b.Run(bench.name, func(b *testing.B) {
			encoded := encodeWith(b, bench.data, bench.coding)
			b.SetBytes(int64(len(bench.data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := decodeAll([]string{bench.coding}, DecodeLimits{}, encoded, 1<<16); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
