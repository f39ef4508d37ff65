package lab

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/net/html/charset"
)

func decode(t *testing.T, encoding string, body []byte) []byte {
	t.Helper()
	for _, name := range slices.Backward(strings.Split(encoding, ", ")) {
		var reader io.Reader
		var err error
		switch name {
		case "gzip":
			reader, err = gzip.NewReader(bytes.NewReader(body))
		case "deflate":
			if reader, err = zlib.NewReader(bytes.NewReader(body)); err != nil {
				reader, err = flate.NewReader(bytes.NewReader(body)), nil
			}
		case "br":
			reader = brotli.NewReader(bytes.NewReader(body))
		case "zstd":
			decoder, err := zstd.NewReader(bytes.NewReader(body), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(8<<20))
			if err != nil {
				t.Fatal(err)
			}
			defer decoder.Close()
			reader = decoder
		case "identity":
			continue
		default:
			t.Fatalf("coding %q", name)
		}
		if err != nil {
			t.Fatal(err)
		}
		if body, err = io.ReadAll(reader); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	return body
}

func TestCodings(t *testing.T) {
	server := start(t, Options{})
	c := client(t, server, false)
	for path, want := range map[string]string{
		"/brotli": `"brotli": true`, "/zstd": `"zstd": true`, "/gzip": `"gzipped": true`, "/deflate": `"deflated": true`,
		"/encoded/gzip?text=hello": "hello", "/encoded/deflate?text=hello": "hello", "/encoded/deflate-raw?text=hello": "hello",
		"/encoded/br?text=hello": "hello", "/encoded/zstd?text=hello": "hello", "/encoded/identity?text=hello": "hello",
		"/encoded/gzip,br,zstd,deflate?text=hello&size=12": "hellohellohe",
	} {
		got := get(t, c, server.URL()+path)
		if text := string(decode(t, got.Header.Get("Content-Encoding"), []byte(got.body))); !strings.Contains(text, want) {
			t.Errorf("%s: %q", path, text)
		}
	}
	if got := get(t, c, server.URL()+"/encoded/gzip,deflate-raw,br"); got.Header.Get("Content-Encoding") != "gzip, deflate, br" {
		t.Errorf("Content-Encoding %q", got.Header.Get("Content-Encoding"))
	}
}

func TestBombs(t *testing.T) {
	server := start(t, Options{})
	c := client(t, server, false)
	for _, test := range []struct {
		path          string
		size, largest int
	}{
		{"/bomb/gzip?size=8m", 8 << 20, 16 << 10},
		{"/bomb/deflate?size=8m", 8 << 20, 16 << 10},
		{"/bomb/br?size=8m", 8 << 20, 1 << 10},
		{"/bomb/zstd?size=8m", 8 << 20, 4 << 10},
		{"/bomb/gzip,gzip?size=8m", 8 << 20, 1 << 10},
		{"/bomb/gzip?size=8m&members=100", 8 << 20, 32 << 10},
		{"/bomb/zstd?size=1000001&members=3", 1000001, 1 << 10},
		{"/bomb/gzip?size=0", 0, 64},
	} {
		got := get(t, c, server.URL()+test.path)
		if len(got.body) > test.largest {
			t.Errorf("%s: %d bytes on the wire, more than %d", test.path, len(got.body), test.largest)
		}
		body := decode(t, got.Header.Get("Content-Encoding"), []byte(got.body))
		if len(body) != test.size || bytes.ContainsFunc(body, func(c rune) bool { return c != 0 }) {
			t.Errorf("%s: %d bytes decoded, want %d zeros", test.path, len(body), test.size)
		}
	}
	plain, rubbish := get(t, c, server.URL()+"/bomb/br?size=9"), get(t, c, server.URL()+"/bomb/br?size=9&trailing=16")
	if rubbish.body != plain.body+"rubbish rubbish " {
		t.Errorf("trailing: %q", rubbish.body)
	}
}

func TestCharsets(t *testing.T) {
	server := start(t, Options{})
	c := client(t, server, false)
	for name, want := range map[string]string{
		"utf-8": "👩‍💻", "utf-16le": "👩‍💻", "utf-16be": "Ελ", "windows-1252": "straße", "iso-8859-2": "žluťoučký", "koi8-r": "Съешь",
		"iso-8859-7": "Ξεσκεπάζω", "windows-1255": "סקרן", "windows-1256": "خَلقَ", "windows-874": "มนุษย์", "shift_jis": "色は匂へど",
		"euc-jp": "カタカナ", "iso-2022-jp": "いろは", "gbk": "视野", "gb18030": "👩‍💻", "big5": "視野", "euc-kr": "다람쥐", "ascii": "fox",
	} {
		if name == "utf-16be" {
			want = "ψυχοφθόρα"
		}
		got := get(t, c, server.URL()+"/charset/"+name)
		encoding, canonical := charset.Lookup(name)
		if kind := got.Header.Get("Content-Type"); kind != "text/plain; charset="+canonical {
			t.Errorf("%s: Content-Type %q", name, kind)
		}
		text, err := encoding.NewDecoder().String(got.body)
		if err != nil || !strings.Contains(text, want) || strings.ContainsAny(text, "\ufffd") || strings.Contains(text, "&#") {
			t.Errorf("%s: %v %q lacks %q", name, err, text, want)
		}
	}
	for path, want := range map[string]string{"?declare=none": "text/plain", "?declare=utf-16": "text/plain; charset=utf-16"} {
		if got := get(t, c, server.URL()+"/charset/koi8-r"+path).Header.Get("Content-Type"); got != want {
			t.Errorf("%s: %q", path, got)
		}
	}
	if got := get(t, c, server.URL()+"/charset/utf-16le?bom=1"); !strings.HasPrefix(got.body, "\xff\xfeP\x00") {
		t.Errorf("bom: %q", got.body[:4])
	}
}
