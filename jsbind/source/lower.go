package source

import (
	"encoding/json"
	"sort"
	"strings"
	"sync"

	"github.com/evanw/esbuild/pkg/api"
)

// The options that leave to goja all that it can run: classes, private members
// and optional chaining stay as they are.
var lowering = api.TransformOptions{
	Loader: api.LoaderTS, Target: api.ESNext, LogLevel: api.LogLevelSilent, LogLimit: 8,
	Charset: api.CharsetUTF8, TreeShaking: api.TreeShakingFalse,
	Sourcemap: api.SourceMapExternal, SourcesContent: api.SourcesContentExclude,
	Supported:   map[string]bool{"async-generator": false, "for-await": false, "using": false, "decorators": false},
	TsconfigRaw: `{"compilerOptions":{"verbatimModuleSyntax":true,"useDefineForClassFields":true}}`,
}

var warm = sync.OnceFunc(func() { api.Transform("1", lowering) })

// Warm runs esbuild once, which takes some milliseconds the first time. A host
// may call it in a goroutine at start.
func Warm() { warm() }

// A lowered text with the way back to the text it came from.
type lowered struct {
	code string
	from []mapping // sorted by offset in code
}

type mapping struct{ generated, original int } // byte offsets

// A complaint is a parser's message about the text it was given.
type complaint struct {
	text           string
	offset, length int // bytes
}

func lower(wrapped string) (*lowered, []complaint) {
	result := api.Transform(wrapped, lowering)
	if len(result.Errors) > 0 {
		return nil, complaints(wrapped, result.Errors)
	}
	var m struct{ Mappings string }
	if json.Unmarshal(result.Map, &m) != nil {
		m.Mappings = ""
	}
	l := &lowered{code: withScopes(string(result.Code))}
	l.from = decodeMappings(m.Mappings, newLines(l.code), newLines(wrapped))
	return l, nil
}

// What esbuild adds to a text that uses using, and what it becomes so that a host can open a scope with a declaration and
// decide at the block's end what becomes of the block's error, which a disposal method alone cannot. The lines stay the
// same, and with them the mappings.
const (
	usingPush    = `stack.push([async, dispose, value]);`
	usingEnter   = `stack.push([async, dispose, value]); globalThis["` + hiddenMark + `enter"](value);`
	disposeEntry = `    while (it = stack.pop()) {
      try {
        var result = `
	disposeLeave = `    while (it = stack.pop()) {
      try {
        var left = globalThis["` + hiddenMark + `leave"](it[2], hasError, error); if (left) return left.then((ended) => (ended && (hasError = false, error = void 0), next()), (e) => (hasError = true, error = e, next())); var result = `
)

// withScopes completes esbuild's disposal functions.
func withScopes(code string) string {
	at := strings.Index(code, disposeEntry)
	if at < 0 {
		return code
	}
	push := strings.Index(code, usingPush)
	return code[:push] + usingEnter + code[push+len(usingPush):at] + disposeLeave + code[at+len(disposeEntry):]
}

// diagnose returns esbuild's errors for text that stands alone.
func diagnose(src string) []complaint {
	return complaints(src, api.Transform(src, lowering).Errors)
}

func complaints(src string, messages []api.Message) []complaint {
	lines := newLines(src)
	list := make([]complaint, 0, len(messages))
	for _, m := range messages {
		c := complaint{text: m.Text, offset: len(src)}
		if m.Location != nil {
			c.offset = lines.offset(m.Location.Line-1, 0) + m.Location.Column
			c.length = m.Location.Length
		}
		list = append(list, c)
	}
	return list
}

// original returns the byte offset in the text before lowering.
func (l *lowered) original(offset int) int {
	i := sort.Search(len(l.from), func(i int) bool { return l.from[i].generated > offset })
	if i == 0 {
		return 0
	}
	return l.from[i-1].original
}

// decodeMappings reads the "mappings" of a source map (ECMA-426): lines parted
// by ";", segments by ",", each up to five base-64 VLQ numbers.
func decodeMappings(s string, generated, original lineTable) []mapping {
	var (
		out             []mapping
		line, column    int
		fromLine, fromC int
		field           [5]int
	)
	for _, row := range strings.Split(s, ";") {
		column = 0
		for _, segment := range strings.Split(row, ",") {
			n := decodeVLQ(segment, &field)
			if n == 0 {
				continue
			}
			column += field[0]
			if n >= 4 {
				fromLine += field[2]
				fromC += field[3]
				out = append(out, mapping{generated.offset(line, column), original.offset(fromLine, fromC)})
			}
		}
		line++
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].generated < out[j].generated })
	return out
}

func decodeVLQ(s string, field *[5]int) (n int) {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	value, shift := 0, 0
	for i := 0; i < len(s) && n < len(field); i++ {
		d := strings.IndexByte(digits, s[i])
		if d < 0 || shift > 30 {
			return n
		}
		value |= (d & 31) << shift
		if shift += 5; d&32 != 0 {
			continue
		}
		if field[n] = value >> 1; value&1 != 0 {
			field[n] = -field[n]
		}
		n++
		value, shift = 0, 0
	}
	return n
}

// A lineTable turns a line and a column in UTF-16 code units, both from 0, into
// a byte offset.
type lineTable struct {
	text  string
	start []int
}

func newLines(text string) lineTable {
	t := lineTable{text: text, start: []int{0}}
	for i := 0; i < len(text); {
		n := lineBreak(text[i:])
		if i += max(n, 1); n > 0 {
			t.start = append(t.start, i)
		}
	}
	return t
}

func (t lineTable) offset(line, column int) int {
	if line < 0 || line >= len(t.start) {
		return len(t.text)
	}
	at, end := t.start[line], len(t.text)
	if line+1 < len(t.start) {
		end = t.start[line+1]
	}
	for _, r := range t.text[at:end] {
		if column <= 0 {
			break
		}
		if column--; r >= 0x10000 {
			column--
		}
		at += len(string(r))
	}
	return at
}
