package term

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"httpx-repl/jsbind/inspect"
)

// evil holds sequences that change a terminal's state, make it answer, or hide
// what was sent; each is a row of the list of risks.
func evil() []string {
	list := []string{
		"\x1b[2J", "\x1b[H", "\x1b[31m", "\x1b[?1049h", "\x1b[?1000h", "\x1b[?2004l", "\x1b[?25l", "\x1b[6n", "\x1b[c", "\x1b[>c", "\x1b[21t",
		"\x1b[1;5r", "\x1b[20h", "\x1b[!p", "\x1b[5i", "\x1b[18t", "\x1b[?5n", "\x1b[x", "\x1b[4 q", "\x1b[1$r", "\x1b[;;;;;m",
		"\x1b]0;title\x07", "\x1b]2;title\x1b\\", "\x1b]4;1;?\x07", "\x1b]7;file://x/\x07", "\x1b]8;;http://x\x07text\x1b]8;;\x07", "\x1b]9;note\x07",
		"\x1b]10;?\x07", "\x1b]50;?\x07", "\x1b]52;c;YQ==\x07", "\x1b]52;c;?\x07", "\x1b]99;;x\x1b\\", "\x1b]777;notify;a;b\x07", "\x1b]1337;File=:AA==\x07",
		"\x1bP$qm\x1b\\", "\x1bPq#0~\x1b\\", "\x1bPtmux;\x1b\x1b]52;c;YQ==\x07\x1b\\", "\x1b_Gf=100;AA\x1b\\", "\x1b^pm\x1b\\", "\x1bXsos\x1b\\",
		"\x1bc", "\x1b(0", "\x1b)B", "\x1bN", "\x1bO", "\x1bZ", "\x1b7", "\x1b8", "\x1bD", "\x1bM", "\x1bE", "\x1bH", "\x1b=", "\x1b>", "\x1b#8", "\x1b%G", "\x1bl", "\x1bn", "\x1b|",
		"\x1b", "\x1b[", "\x1b]", "\x1bP", "\x1b\x1b[2J", "\x1b[\x1b[2J", "\x1b[2\x00J", "\x1b\n[2J",
		"safe\rspoof", "\r", "a\r\r\nb", "\x85", "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9",
		"\u202aabc\u202c", "\u202etxt.exe", "\u2066a\u2069", "\u200eb", "\u200fb", "\u061cb",
		"a\u200bb", "a\u200cb", "a\u200db", "a\u2060b", "\ufeffa", "a\u00adb", "a\ufe0fb", "\u3164", "\u115f", "\u180e", "\U000e0041\U000e007f", "\U000e0100",
		"Z" + strings.Repeat("\u0301", 40), "e" + strings.Repeat("\u0489", 9), "\ufff9a\ufffab\ufffb", "\ufffe", "\uffff", "\U0001fffe",
		"\xff", "\xfe\xff", "\xc0\x9b", "\xe0\x80\x9b", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf0\x9f", "\x80\x1b[m", "\x9b\x1b", "\xc2", "\xc2\x1b[2J",
	}
	for c := range 0x20 {
		if c != '\n' && c != '\t' {
			list = append(list, "a"+string(rune(c))+"b")
		}
	}
	list = append(list, "a\x7fb")
	for c := 0x80; c < 0xa0; c++ {
		list = append(list, "\xc2"+string([]byte{byte(c)}), string([]byte{byte(c), '2', 'J'}))
	}
	return list
}

// unescape reads back what Sanitize has made visible.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		rest := s[i:]
		switch {
		case strings.HasPrefix(rest, `\x`):
			n, _ := strconv.ParseUint(rest[2:4], 16, 8)
			b.WriteByte(byte(n))
			i += 4
		case strings.HasPrefix(rest, `\u{`):
			end := strings.IndexByte(rest, '}')
			n, _ := strconv.ParseUint(rest[3:end], 16, 32)
			b.WriteRune(rune(n))
			i += end + 1
		case strings.HasPrefix(rest, `\u`):
			n, _ := strconv.ParseUint(rest[2:6], 16, 32)
			b.WriteRune(rune(n))
			i += 6
		default:
			b.WriteByte(s[i])
			i++
		}
	}
	return b.String()
}

// foreign returns the first thing in s that may not be sent, "" for none. It is
// a scanner of its own, on purpose: it shares no table with Sanitize.
func foreign(s string, sgr bool) string {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == 0x1b && sgr:
			end := strings.IndexAny(s[i:], "mABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklnopqrstuvwxyz@\\]^_`{|}~")
			if end < 0 || s[i+1] != '[' || s[i+end] != 'm' || strings.Trim(s[i+2:i+end], "0123456789;") != "" {
				return fmt.Sprintf("sequence %.12q", s[i:])
			}
			n = end + 1
		case r == '\n' || r == '\t' || r == '\r' && strings.HasPrefix(s[i+1:], "\n"):
		case r == utf8.RuneError && n == 1:
			return fmt.Sprintf("byte %x", s[i])
		case r < 0x20 || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r >= 0xe0000 && r < 0xe1000:
			return fmt.Sprintf("%U", r)
		}
		i += n
	}
	return ""
}

func TestSanitizeShowsEverySequence(t *testing.T) {
	list := evil()
	if len(list) < 120 {
		t.Fatalf("only %d sequences", len(list))
	}
	for _, bad := range list {
		for _, text := range []string{bad, "before " + bad, bad + " after", "漢" + bad + "字", bad + bad, "👩" + bad + "👧"} {
			got := Sanitize(text)
			if f := foreign(got, false); f != "" {
				t.Errorf("%q: %s gets through in %q", text, f, got)
			}
			if back := unescape(got); back != text {
				t.Errorf("%q: read back as %q from %q", text, back, got)
			}
		}
		if got := Sanitize(bad); got == bad {
			t.Errorf("%q is unchanged", bad)
		}
	}
}

func TestSanitize(t *testing.T) {
	for in, want := range map[string]string{
		"":                      "",
		"plain ASCII ~ \\x \\n": "plain ASCII ~ \\x \\n",
		"tab\tand\nnewline\r\n": "tab\tand\nnewline\r\n",
		"\x1b[31mred":           `\x1b[31mred`,
		"bare\rreturn":          `bare\x0dreturn`,
		"\x9b2J":                `\x9b2J`,
		"\u009b2J":              `\u009b2J`,
		"\u202eabc":             `\u202eabc`,
		"\U000e0041":            `\u{e0041}`,
		"é漢字ﬁ":                  "é漢字ﬁ",
		"👩‍👩‍👧 ❤️ 1️⃣ 👍🏽 🏳️‍🌈": "👩‍👩‍👧 ❤️ 1️⃣ 👍🏽 🏳️‍🌈",
		"a\u200db":                        `a\u200db`,
		"e\u0301\u0302":                   "e\u0301\u0302",
		"e\u0301\u0301\u0301\u0301\u0301": "e\u0301\u0301\u0301\u0301" + `\u0301`,
	} {
		if got := Sanitize(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestSanitizeKeepsCleanTextWithoutACopy(t *testing.T) {
	text := strings.Repeat("clean text\n", 1000)
	if n := testing.AllocsPerRun(10, func() { Sanitize(text) }); n != 0 {
		t.Fatalf("%v allocations", n)
	}
}

func FuzzSanitize(f *testing.F) {
	for _, bad := range evil() {
		f.Add(bad)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Sanitize(s)
		if bad := foreign(got, false); bad != "" {
			t.Fatalf("%q: %s gets through in %q", s, bad, got)
		}
		if !strings.Contains(s, `\`) && unescape(got) != s {
			t.Fatalf("%q: read back as %q", s, unescape(got))
		}
		for _, color := range []ColorMode{ColorNone, Color256} {
			var out strings.Builder
			tm := New(Options{Out: &out, Color: color, Interactive: true})
			tm.Print([]inspect.Line{{{Text: s, Style: inspect.String}, {Text: s}}})
			tm.PrintText(s)
			tm.PrintRaw(s)
			if bad := foreign(out.String(), color != ColorNone); bad != "" {
				t.Fatalf("%q: %s gets through in %q", s, bad, out.String())
			}
		}
	})
}

func BenchmarkSanitize(b *testing.B) {
	for name, text := range map[string]string{
		"clean":   strings.Repeat("GET / HTTP/1.1 and so on.\n", 4000),
		"cjk":     strings.Repeat("漢字", 16000),
		"hostile": strings.Repeat("\x1b\u0301", 30000),
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				tm := New(Options{Out: io.Discard, Color: Color256, Interactive: true})
				tm.PrintText(text)
			}
		})
	}
}
