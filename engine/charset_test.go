package engine

import (
	"testing"
	"unicode/utf8"
)

func decodeText(t testing.TB, label string, pieces ...string) string {
	t.Helper()
	d, ok := CharsetDecoder(label)
	if !ok {
		t.Fatalf("%q is unknown", label)
	}
	text := ""
	for _, piece := range pieces {
		text += d.Decode([]byte(piece))
	}
	return text + d.Flush()
}

func TestCharsetDecoder(t *testing.T) {
	for _, test := range []struct{ name, label, bytes, want string }{
		{"DC07 utf-8", "utf-8", "トラ é 🌟", "トラ é 🌟"},
		{"DC07 shift-jis", "shift-jis", "\x83g\x83\x89", "トラ"},
		{"DC07 Python's spelling", "Shift_JIS", "\x83g\x83\x89", "トラ"},
		{"DC07 euc_jp", "euc_jp", "\xa5\xc8\xa5\xe9", "トラ"},
		{"DC07 gb2312", "GB2312", "\xd6\xd0", "中"},
		{"DC07 koi8_r", "koi8_r", "\xc1", "а"},
		{"RS05 broken bytes", "utf-8", "a\xffb\xe2\x82c\xf0\x9f\x8c", "a\ufffdb\ufffdc\ufffd"},
		{"RS05 surrogates and overlong forms", "utf-8", "\xed\xa0\x80\xc0\x80\xf4\x90\x80\x80", "\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd"},
		{"RS05 the mark stays", "UTF-8", "\xef\xbb\xbfa", "\ufeffa"},
		{"RS05 utf-8-sig drops it", "utf-8-sig", "\xef\xbb\xbfa\xef\xbb\xbf", "a\ufeff"},
		{"RS06 iso-8859-1 is itself", "iso-8859-1", "\xe9\x80\x93", "é\u0080\u0093"},
		{"RS06 latin_1", "latin_1", "\x93", "\u0093"},
		{"RS06 cp1252", "cp1252", "\xe9\x80\x93", "é€“"},
		{"RS06 windows-1252", "windows-1252", "\x80", "€"},
		{"ascii", "us-ascii", "a\xe9", "a\ufffd"},
		{"iso-8859-15", "ISO-8859-15", "\xa4", "€"},
		{"utf-16 with a mark", "utf-16", "\xfe\xff\x00a\xd8\x3c\xdf\x1f", "a🌟"},
		{"utf-16 without", "utf-16", "a\x00", "a"},
		{"utf-16-be", "utf-16-be", "\x00a", "a"},
		{"utf-16 cut short", "utf-16-le", "a\x00b", "a\ufffd"},
		{"utf-32", "utf-32", "a\x00\x00\x00", "a"},
		{"nothing", "shift-jis", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := decodeText(t, test.label, test.bytes); got != test.want {
				t.Errorf("got %q", got)
			}
			var single []string
			for i := range len(test.bytes) {
				single = append(single, test.bytes[i:i+1])
			}
			if got := decodeText(t, test.label, single...); got != test.want {
				t.Errorf("byte by byte: %q", got)
			}
		})
	}
	for _, label := range []string{"", "no-such", "utf-7x", "replacement", "iso-2022-kr"} {
		if _, ok := CharsetDecoder(label); ok {
			t.Errorf("%q is known", label)
		}
	}
	t.Run("more than one buffer", func(t *testing.T) {
		long := make([]byte, 10_000)
		for i := range long {
			long[i] = 0xe9
		}
		if got := decodeText(t, "cp1252", string(long)); utf8.RuneCountInString(got) != len(long) {
			t.Errorf("got %d characters", utf8.RuneCountInString(got))
		}
	})
}

func FuzzCharset(f *testing.F) {
	f.Add("utf-8", []byte("é\xff\xe2\x82"), 1)
	f.Add("utf-16", []byte("\xff\xfea\x00\xd8"), 3)
	f.Add("shift_jis", []byte("\x83g\x83"), 1)
	f.Add("iso-2022-jp", []byte("\x1b$B%H\x1b(B"), 2)
	f.Fuzz(func(t *testing.T, label string, data []byte, cut int) {
		if _, ok := CharsetDecoder(label); !ok || cut < 0 || cut > len(data) {
			t.Skip()
		}
		whole := decodeText(t, label, string(data))
		if !utf8.ValidString(whole) {
			t.Fatalf("%q is not text", whole)
		}
		if pieces := decodeText(t, label, string(data[:cut]), string(data[cut:])); pieces != whole {
			t.Fatalf("%q in pieces, %q at once", pieces, whole)
		}
	})
}
