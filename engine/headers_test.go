package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestHeaders(t *testing.T) {
	abc := func() *Headers { return NewHeaders([][2]string{{"a", "123"}, {"A", "456"}, {"b", "789"}}) }
	t.Run("HM01 lookup", func(t *testing.T) {
		h := abc()
		if value, ok := h.Get("A"); value != "123, 456" || !ok {
			t.Errorf("got %q", value)
		}
		if list := h.GetList("a", false); !slices.Equal(list, []string{"123", "456"}) {
			t.Errorf("got %q", list)
		}
		if !slices.Equal(h.Keys(), []string{"a", "b"}) || h.Len() != 3 || !h.Has("B") || h.Has("c") {
			t.Errorf("got %q, %d", h.Keys(), h.Len())
		}
		if items := h.MultiItems(); !slices.Equal(items, [][2]string{{"a", "123"}, {"a", "456"}, {"b", "789"}}) {
			t.Errorf("got %q", items)
		}
		if _, ok := h.Get("c"); ok {
			t.Error("c is not there")
		}
	})
	t.Run("HM01 equality", func(t *testing.T) {
		if !abc().Equal(NewHeaders([][2]string{{"B", "789"}, {"a", "456"}, {"a", "123"}})) || abc().Equal(NewHeaders(nil)) ||
			abc().Equal(NewHeaders([][2]string{{"a", "123"}, {"a", "456"}, {"b", "780"}})) || abc().Equal(nil) {
			t.Error("wrong equality")
		}
	})
	for _, test := range []struct {
		name   string
		change func(*Headers)
		want   [][2]string
	}{
		{"HM02 set replaces in place", func(h *Headers) { h.Set("A", "x") }, [][2]string{{"A", "x"}, {"b", "789"}}},
		{"HM02 set appends", func(h *Headers) { h.Set("C", "x") }, [][2]string{{"a", "123"}, {"A", "456"}, {"b", "789"}, {"C", "x"}}},
		{"HM02 delete", func(h *Headers) { h.Delete("A") }, [][2]string{{"b", "789"}}},
		{"HM02 delete what is missing", func(h *Headers) { h.Delete("x") }, abc().Raw()},
		{"HM02 add", func(h *Headers) { h.Add("B", "x") }, [][2]string{{"a", "123"}, {"A", "456"}, {"b", "789"}, {"B", "x"}}},
		{"HM09 update moves to the end", func(h *Headers) { h.Update(NewHeaders([][2]string{{"A", "1"}, {"C", "2"}, {"a", "3"}})) },
			[][2]string{{"b", "789"}, {"A", "1"}, {"C", "2"}, {"a", "3"}}},
		{"HM09 update by itself", func(h *Headers) { h.Update(h) }, abc().Raw()},
		{"HM09 update by nothing", func(h *Headers) { h.Update(nil) }, abc().Raw()},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := abc()
			clone := h.Clone()
			test.change(h)
			if !slices.Equal(h.Raw(), test.want) {
				t.Errorf("got %q", h.Raw())
			}
			if !slices.Equal(clone.Raw(), abc().Raw()) {
				t.Errorf("the clone changed to %q", clone.Raw())
			}
		})
	}
	t.Run("HM06 split at commas", func(t *testing.T) {
		h := NewHeaders([][2]string{{"x", "a, b"}, {"x", "c"}})
		if list := h.GetList("X", true); !slices.Equal(list, []string{"a", "b", "c"}) {
			t.Errorf("got %q", list)
		}
	})
	t.Run("no folding beyond ASCII", func(t *testing.T) {
		if NewHeaders([][2]string{{"\u212aey", "1"}}).Has("key") || NewHeaders([][2]string{{"a[", "1"}}).Has("A{") {
			t.Error("folded")
		}
	})
}

func TestHeadersText(t *testing.T) {
	for _, test := range []struct {
		name  string
		pairs [][2]string
		want  string
	}{
		{"HM05 a dictionary", [][2]string{{"A", "1"}, {"b", "it's"}}, `Headers({'a': '1', 'b': "it's"})`},
		{"HM05 a list", [][2]string{{"A", "1"}, {"a", "2"}}, `Headers([('a', '1'), ('a', '2')])`},
		{"HM07 masked", [][2]string{{"Authorization", "Basic x"}, {"Proxy-authorization", "y"}, {"c", "d"}},
			`Headers({'authorization': '[secure]', 'proxy-authorization': '[secure]', 'c': 'd'})`},
		{"HM04 utf-8", [][2]string{{"a", "ü"}}, `Headers({'a': 'ü'}, encoding='utf-8')`},
		{"HM04 iso-8859-1", [][2]string{{"a", "\xfc\x9b"}}, `Headers({'a': 'ü\x9b'}, encoding='iso-8859-1')`},
		{"control characters", [][2]string{{"a", "\x1b[31m\r\n\t\\\u202e"}}, `Headers({'a': '\x1b[31m\r\n\t\\\u202e'}, encoding='utf-8')`},
		{"none", nil, `Headers({})`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := NewHeaders(test.pairs).String(); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
	t.Run("HM04 one odd byte makes all iso-8859-1", func(t *testing.T) {
		h := NewHeaders([][2]string{{"a", "ü"}, {"b", "\xff"}})
		if value, _ := h.Get("a"); value != "Ã¼" || h.Encoding() != "iso-8859-1" || h.Raw()[1][1] != "\xff" {
			t.Errorf("got %q in %s", value, h.Encoding())
		}
		if err := h.SetEncoding("utf-8"); err != nil {
			t.Fatal(err)
		}
		if value, _ := h.Get("a"); value != "ü" {
			t.Errorf("got %q", value)
		}
		if value, _ := h.Get("b"); value != "\ufffd" {
			t.Errorf("got %q", value)
		}
		if err := h.SetEncoding("no-such"); !errors.Is(err, ValueError) {
			t.Errorf("got %v", err)
		}
	})
}

func TestHeadersValidate(t *testing.T) {
	for _, value := range []string{"", "plain", "a\tb", "caf\u00e9", "\u010a\u560a", "\xff"} {
		if err := NewHeaders([][2]string{{"x-token.~!", value}}).Validate(); err != nil {
			t.Errorf("%q: %v", value, err)
		}
	}
	const text = "0123456789"
	for _, bad := range []string{"\r", "\n", "\r\n", "\x00", "\x0b", "\x1b", "\x7f"} {
		for position := range len(text) + 1 {
			injected := text[:position] + bad + text[position:]
			where := fmt.Sprintf("position %d.", position)
			t.Run(fmt.Sprintf("R8 %q at %d", bad, position), func(t *testing.T) {
				for _, h := range []*Headers{
					NewHeaders([][2]string{{"ok", "1"}, {"x-secret", injected}}), NewHeaders([][2]string{{injected, "1"}}),
				} {
					err := h.Validate()
					if !errors.Is(err, LocalProtocolError) || !strings.HasSuffix(err.Error(), where) {
						t.Errorf("got %v", err)
					}
					if strings.ContainsAny(err.Error(), "\r\n\x00\x1b") {
						t.Errorf("raw control character in %q", err.Error())
					}
				}
			})
		}
	}
	for _, name := range []string{"", "a b", "a:", "é", "a(b"} {
		if err := NewHeaders([][2]string{{name, "1"}}).Validate(); !errors.Is(err, LocalProtocolError) {
			t.Errorf("name %q: %v", name, err)
		}
	}
	t.Run("the value is not in the message", func(t *testing.T) {
		err := NewHeaders([][2]string{{"Authorization", "Bearer s3cret\n"}}).Validate()
		if err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("got %v", err)
		}
	})
}

func FuzzHeaders(f *testing.F) {
	f.Add("Accept", "*/*", "accept", "text/html")
	f.Add("Authorization", "Basic eA==", "X", "\xff\x00")
	f.Add("é", "ü", "É", "\u2028")
	f.Fuzz(func(t *testing.T, name1, value1, name2, value2 string) {
		h := NewHeaders([][2]string{{name1, value1}, {name2, value2}})
		if !h.Equal(h.Clone()) || h.Len() != 2 || len(h.MultiItems()) != 2 {
			t.Fatal("a clone differs")
		}
		for _, item := range h.MultiItems() {
			if !utf8.ValidString(item[0] + item[1]) {
				t.Fatalf("%q is not text", item)
			}
		}
		if shown := h.String(); strings.ContainsFunc(shown, func(r rune) bool { return r < 0x20 || r >= 0x7f && r < 0xa0 }) {
			t.Fatalf("control character in %q", shown)
		}
		if h.Validate() == nil && strings.ContainsAny(name1+value1+name2+value2, "\r\n\x00") {
			t.Fatal("a line break passed")
		}
		h.Set(name1, value2)
		if value, ok := h.Get(name1); !ok || utf8.ValidString(name1) && utf8.ValidString(name2) && utf8.ValidString(value2) && value != value2 {
			t.Fatalf("set %q, got %q", value2, value)
		}
		h.Delete(name1)
		if h.Has(name1) {
			t.Fatal("still there")
		}
	})
}

func BenchmarkHeaders(b *testing.B) {
	pairs := [][2]string{{"Host", "example.org"}, {"Accept", "*/*"}, {"Accept-Encoding", "gzip, deflate, br, zstd"},
		{"Connection", "keep-alive"}, {"User-Agent", "httpx-repl"}}
	b.Run("build", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			NewHeaders(pairs).Set("Content-Type", "application/json")
		}
	})
	b.Run("get", func(b *testing.B) {
		h := NewHeaders(pairs)
		b.ReportAllocs()
		for b.Loop() {
			h.Get("user-agent")
		}
	})
	b.Run("validate", func(b *testing.B) {
		h := NewHeaders(pairs)
		b.ReportAllocs()
		for b.Loop() {
			if err := h.Validate(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
