package term

import (
	"fmt"
	"strconv"
	"strings"

	"httpx-repl/jsbind/inspect"
)

// ColorMode says how many colours may be sent.
type ColorMode uint8

// The colour depths, from none (no SGR sequence is sent) to 24 bits.
const (
	ColorNone ColorMode = iota
	Color16
	Color256
	ColorTrue
)

// ChooseColor decides the colour depth once, at start, from the value of a
// colour option ("auto" or "", "always", "never"), from whether standard output
// is a terminal, and from the environment. Lookup has os.LookupEnv's shape.
//
// An explicit option wins. In auto, NO_COLOR (any non-empty value, no-color.org)
// wins over FORCE_COLOR (0 to 3, "true" or ""), which wins over TERM=dumb and
// over not being a terminal. The depth is COLORTERM's truecolor or 24bit, else
// what TERM says. An unknown option is an error that names the three choices.
func ChooseColor(option string, isTerminal bool, lookup func(string) (string, bool)) (ColorMode, error) {
	depth := colorDepth(lookup)
	switch option {
	case "never":
		return ColorNone, nil
	case "always":
		return max(depth, Color16), nil
	case "auto", "":
	default:
		return ColorNone, fmt.Errorf("unknown colour choice %q: use auto, always or never", option)
	}
	if v, ok := lookup("NO_COLOR"); ok && v != "" {
		return ColorNone, nil
	}
	if v, ok := lookup("FORCE_COLOR"); ok {
		switch strings.ToLower(v) {
		case "0", "false":
			return ColorNone, nil
		case "2":
			return Color256, nil
		case "3":
			return ColorTrue, nil
		}
		return max(depth, Color16), nil
	}
	if !isTerminal {
		return ColorNone, nil
	}
	return depth, nil
}

func colorDepth(lookup func(string) (string, bool)) ColorMode {
	term, _ := lookup("TERM")
	if term == "dumb" {
		return ColorNone
	}
	if v, _ := lookup("COLORTERM"); v == "truecolor" || v == "24bit" {
		return ColorTrue
	}
	switch {
	case strings.Contains(term, "direct"):
		return ColorTrue
	case strings.Contains(term, "256color"), strings.HasPrefix(term, "xterm-kitty"), strings.HasPrefix(term, "alacritty"):
		return Color256
	}
	return Color16
}

// LightBackground reports whether COLORFGBG, which some terminals set to
// "foreground;background" in the 16-colour numbering, names a light background.
func LightBackground(lookup func(string) (string, bool)) bool {
	v, _ := lookup("COLORFGBG")
	n, err := strconv.Atoi(v[strings.LastIndexByte(v, ';')+1:])
	return err == nil && (n == 7 || n >= 9 && n <= 15)
}

const (
	sgrReset      = "\x1b[0m"
	sgrReverse    = "\x1b[7m"
	sgrReverseOff = "\x1b[27m"
	sgrPrompt     = "\x1b[1m"
	sgrBracket    = "\x1b[1;4m"
)

// Styles that only this package uses: the chosen item of a menu, and a bracket
// with its partner.
const (
	styleSelected = inspect.Dim + 1 + iota
	styleBracket
)

type styleTable [styleBracket + 1]string

// The 16-colour table follows the terminal's own palette; the other two are
// chosen for contrast of at least 4.5 on black and on white.
var (
	styles16 = styleTable{
		inspect.String: "\x1b[32m", inspect.Number: "\x1b[33m", inspect.Boolean: "\x1b[33m", inspect.Null: "\x1b[1m",
		inspect.Undefined: "\x1b[2m", inspect.Symbol: "\x1b[32m", inspect.Date: "\x1b[35m", inspect.Regexp: "\x1b[31m",
		inspect.Special: "\x1b[36m", inspect.Name: "\x1b[34m", inspect.Error: "\x1b[31m", inspect.Dim: "\x1b[2m", styleSelected: sgrReverse, styleBracket: sgrBracket,
	}
	styles256Dark = styleTable{
		inspect.String: "\x1b[38;5;114m", inspect.Number: "\x1b[38;5;215m", inspect.Boolean: "\x1b[38;5;215m", inspect.Null: "\x1b[1m",
		inspect.Undefined: "\x1b[38;5;245m", inspect.Symbol: "\x1b[38;5;114m", inspect.Date: "\x1b[38;5;176m", inspect.Regexp: "\x1b[38;5;210m",
		inspect.Special: "\x1b[38;5;80m", inspect.Name: "\x1b[38;5;111m", inspect.Error: "\x1b[38;5;203m", inspect.Dim: "\x1b[38;5;245m", styleSelected: sgrReverse, styleBracket: sgrBracket,
	}
	styles256Light = styleTable{
		inspect.String: "\x1b[38;5;28m", inspect.Number: "\x1b[38;5;130m", inspect.Boolean: "\x1b[38;5;130m", inspect.Null: "\x1b[1m",
		inspect.Undefined: "\x1b[38;5;242m", inspect.Symbol: "\x1b[38;5;28m", inspect.Date: "\x1b[38;5;90m", inspect.Regexp: "\x1b[38;5;124m",
		inspect.Special: "\x1b[38;5;24m", inspect.Name: "\x1b[38;5;25m", inspect.Error: "\x1b[38;5;160m", inspect.Dim: "\x1b[38;5;242m", styleSelected: sgrReverse, styleBracket: sgrBracket,
	}
)

func stylesFor(mode ColorMode, light bool) *styleTable {
	switch {
	case mode == ColorNone:
		return &styleTable{}
	case mode == Color16:
		return &styles16
	case light:
		return &styles256Light
	}
	return &styles256Dark
}
