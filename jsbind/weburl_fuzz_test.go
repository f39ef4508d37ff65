package jsbind

import (
	"testing"
)

// FuzzURL checks what has to hold of any URL: its text parses to the same URL again, it is ASCII, and no setter breaks that.
func FuzzURL(f *testing.F) {
	for _, seed := range [][3]string{
		{"https://user:pa@ss@EXAMPLE.com:8080/a/../b?c#d", "", "x"},
		{"//h/C|/..", "file:///C:/a", "c:"},
		{"a:/.//b/..", "", "//x"},
		{"http://0x7f.1/", "", "[::1.2.3.4]:80"},
		{"#f", "mailto:x ? y", ""},
		{"bücher.example", "ws://ⅷ.example", "faß.de"},
		{"web+demo:/.//not-a-host/", "", "%2e%2E"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, text, baseText, value string) {
		base, err := parseURL(baseText, nil)
		if err != nil {
			base = nil
		}
		u, err := parseURL(text, base)
		if err != nil {
			return
		}
		checkURL(t, u, "parse")
		for _, component := range urlComponents {
			if component.set == nil {
				continue
			}
			changed := *u
			component.set(&changed, value)
			checkURL(t, &changed, component.name)
		}
	})
}

func checkURL(t *testing.T, u *urlRecord, after string) {
	t.Helper()
	href := u.Href()
	if !isASCII(href) {
		t.Fatalf("after %s: %q is not ASCII", after, href)
	}
	again, err := parseURL(href, nil)
	if err != nil {
		t.Fatalf("after %s: %q does not parse: %v", after, href, err)
	}
	if again.Href() != href {
		t.Fatalf("after %s: %q parses to %q", after, href, again.Href())
	}
	for _, component := range urlComponents {
		if got, want := component.get(again), component.get(u); got != want {
			t.Fatalf("after %s: %s of %q is %q, and %q when parsed again", after, component.name, href, want, got)
		}
	}
}

// FuzzFormText checks that what URLSearchParams writes reads back as the same pairs.
func FuzzFormText(f *testing.F) {
	f.Add("a=1&b=%20+&&c&=d&%ff=%e2%82")
	f.Fuzz(func(t *testing.T, text string) {
		list := parseForm(text)
		written := serializeForm(list)
		again := parseForm(written)
		if len(again) != len(list) {
			t.Fatalf("%q has %d pairs, and %d as %q", text, len(list), len(again), written)
		}
		for i := range list {
			if list[i] != again[i] {
				t.Fatalf("%q: %q became %q", text, list[i], again[i])
			}
		}
	})
}

// FuzzStreamDecoder checks that a text decodes alike whole and in two pieces.
func FuzzStreamDecoder(f *testing.F) {
	for _, label := range []string{"utf-8", "utf-16le", "shift_jis", "gb18030", "iso-2022-jp", "windows-1252"} {
		f.Add(label, []byte("a\xE3\x81\x82\xF0\x9F\x98\x80\xFF\x1B$B"), 3)
	}
	f.Fuzz(func(t *testing.T, label string, data []byte, cut int) {
		open, name, ok := newStreamDecoder(label)
		if !ok {
			return
		}
		cut = max(0, min(cut, len(data)))
		whole, clean := open().decode(data, true)
		pieces := open()
		first, clean1 := pieces.decode(data[:cut], false)
		second, clean2 := pieces.decode(data[cut:], true)
		if first+second != whole || (clean1 && clean2) != clean {
			t.Fatalf("%s: %x is %q whole and %q in pieces", name, data, whole, first+second)
		}
	})
}
