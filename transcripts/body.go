package transcripts

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// How a body stands in its fence.

const (
	maxInline   = 8 << 10 // bytes of a body that stands in the document itself
	minPretty   = 40      // bytes of a JSON body that is worth spreading over lines
	maxNesting  = 64      // of a JSON body that is spread over lines
	base64Width = 76      // characters a line
)

// bodyText is a body as written: the attributes of its fence, and the text after the blank line.
type bodyText struct {
	attrs string
	text  string
	blob  []byte // to be stored under the name that attrs gives
}

func writeBody(body []byte) bodyText {
	if len(body) == 0 {
		return bodyText{}
	}
	if len(body) > maxInline {
		return bodyText{attrs: " blob=" + blobName(body), blob: body}
	}
	t := bodyText{attrs: " sum=" + bodySum(body)}
	if !isText(body) {
		t.attrs += " body=base64"
		t.text = wrap(base64.StdEncoding.EncodeToString(body))
		return t
	}
	if form, pretty, ok := prettyJSON(body); ok {
		t.attrs += " form=" + form
		t.text = pretty
		return t
	}
	t.text = string(body)
	return t
}

// readBody gives the bytes back of a body that is not a blob.
func readBody(text, form, coding string) ([]byte, error) {
	switch coding {
	case "":
	case "base64":
		body, err := base64.StdEncoding.DecodeString(strings.NewReplacer("\n", "", " ", "").Replace(text))
		if err != nil {
			return nil, fmt.Errorf("the body is not base64: %w", err)
		}
		return body, nil
	default:
		return nil, fmt.Errorf("body=%s is not known; base64 is", coding)
	}
	switch form {
	case "":
		return []byte(text), nil
	case "compact", "spaced":
		var compact bytes.Buffer
		if err := json.Compact(&compact, []byte(text)); err != nil {
			return nil, fmt.Errorf("the body is not JSON (%w): mend it, or remove form=%s to have the text as it stands", err, form)
		}
		if form == "spaced" {
			return spaced(compact.Bytes()), nil
		}
		return compact.Bytes(), nil
	}
	return nil, fmt.Errorf("form=%s is not known; compact and spaced are", form)
}

func bodySum(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:4])
}

// isText reports whether a body survives editors and terminals as it is: UTF-8 without controls but newline and tab.
func isText(body []byte) bool {
	for i := 0; i < len(body); {
		r, n := utf8.DecodeRune(body[i:])
		if r == utf8.RuneError && n == 1 || unprintable(r) && r != '\n' && r != '\t' {
			return false
		}
		i += n
	}
	return true
}

func wrap(text string) string {
	var b strings.Builder
	for len(text) > base64Width {
		b.WriteString(text[:base64Width])
		b.WriteByte('\n')
		text = text[base64Width:]
	}
	b.WriteString(text)
	return b.String()
}

// prettyJSON spreads JSON over lines, when that is exactly reversible.
func prettyJSON(body []byte) (form, pretty string, ok bool) {
	if len(body) < minPretty || body[0] != '{' && body[0] != '[' || nesting(body) > maxNesting {
		return "", "", false
	}
	var compact, indented bytes.Buffer
	if json.Compact(&compact, body) != nil || json.Indent(&indented, body, "", "  ") != nil {
		return "", "", false
	}
	switch {
	case bytes.Equal(compact.Bytes(), body):
		form = "compact"
	case bytes.Equal(spaced(compact.Bytes()), body):
		form = "spaced"
	default:
		return "", "", false
	}
	back, err := readBody(indented.String(), form, "")
	return form, indented.String(), err == nil && bytes.Equal(back, body)
}

func nesting(body []byte) int {
	depth, deepest := 0, 0
	for _, b := range body {
		switch b {
		case '{', '[':
			depth++
			deepest = max(deepest, depth)
		case '}', ']':
			depth--
		}
	}
	return deepest
}

// spaced puts a space after each comma and colon of compact JSON, as Python's json.dumps does.
func spaced(compact []byte) []byte {
	out := make([]byte, 0, len(compact)+len(compact)/4)
	inString := false
	for i := 0; i < len(compact); i++ {
		b := compact[i]
		out = append(out, b)
		switch {
		case inString && b == '\\' && i+1 < len(compact):
			i++
			out = append(out, compact[i])
		case b == '"':
			inString = !inString
		case !inString && (b == ',' || b == ':'):
			out = append(out, ' ')
		}
	}
	return out
}
