package transcripts

import (
	"encoding/json"
	"mime"
	"regexp"
	"strings"
)

// bodyRedactor hides the secrets of one body. Feed takes the body in chunks and holds back, for writing only, the few
// bytes at a chunk's end that may be the beginning of a known secret, or of a value under a secret name.
type bodyRedactor struct {
	r    *Redactor
	text []byte // held back: the ends of the chunks in lens
	lens []int
}

// maxHeld bounds what is held back of a value under a secret name, in bytes.
const maxHeld = 16 << 10

func (r *Redactor) body() *bodyRedactor { return &bodyRedactor{r: r} }

// whole redacts a complete body.
func (b *bodyRedactor) whole(body []byte, contentType string) []byte {
	spans := b.spans(body, contentType)
	if len(spans) == 0 {
		return body
	}
	return []byte(replace(string(body), spans))
}

// feed returns what is now known to be written of earlier chunks, one element for each chunk that hold was
// returned for and that is now complete, and of this one; hold says that the rest of this one follows.
func (b *bodyRedactor) feed(chunk []byte) (earlier [][]byte, now []byte, hold bool) {
	if len(b.text) == 0 && len(b.r.forms.known) == 0 && !mayHoldKey(chunk) {
		return nil, chunk, false
	}
	b.text = append(b.text, chunk...)
	b.lens = append(b.lens, len(chunk))
	text := string(b.text)
	spans, open := b.r.bodyMembers(nil, text, "")
	spans = settle(b.r.forms.find(spans, text))
	done := 0
	if n := len(spans); n > 0 {
		done = spans[n-1].end
	}
	keep := b.r.forms.partial(text, done)
	if open >= done && open < keep && len(text)-open <= maxHeld {
		keep = open
	}
	held := len(b.lens) - 1 // chunks that were held back before
	ends := make([]int, 0, len(b.lens))
	end := 0
	for i, n := range b.lens {
		if i < held && end+n > keep {
			keep = end // a chunk is completed at once or not at all
			break
		}
		end += n
		ends = append(ends, min(end, keep))
	}
	consumed := keep
	for _, s := range spans {
		if s.start < keep {
			consumed = max(consumed, s.end)
		}
	}
	pieces := replaceAndCut(b.text, spans, ends)
	if len(pieces) <= held {
		b.drop(len(pieces), consumed)
		return pieces, nil, true
	}
	hold = consumed < len(text)
	if hold {
		b.drop(held, consumed)
	} else {
		b.text, b.lens = b.text[:0], b.lens[:0]
	}
	return pieces[:held], pieces[held], hold
}

// drop forgets the first chunks, which are complete, and the bytes that were written.
func (b *bodyRedactor) drop(chunks, bytes int) {
	var lens []int
	end := 0
	for i, n := range b.lens {
		from := max(end, bytes)
		end += n
		if i >= chunks {
			lens = append(lens, max(0, end-from))
		}
	}
	b.text, b.lens = append([]byte(nil), b.text[bytes:]...), lens
}

// flush returns the rest of the chunks that were held back.
func (b *bodyRedactor) flush() [][]byte {
	if len(b.lens) == 0 {
		return nil
	}
	text := string(b.text)
	spans, open := b.r.bodyMembers(nil, text, "")
	if open < len(text) {
		spans = append(spans, span{open, len(text), b.r.placeholder("value", text[open:])})
	}
	spans = b.r.forms.find(spans, text)
	ends := make([]int, len(b.lens))
	end := 0
	for i, n := range b.lens {
		end += n
		ends[i] = end
	}
	pieces := replaceAndCut(b.text, spans, ends)
	b.text, b.lens = nil, nil
	return pieces
}

func (b *bodyRedactor) spans(body []byte, contentType string) []span {
	if len(body) == 0 || len(b.r.forms.known) == 0 && !mayHoldKey(body) {
		return nil
	}
	text := string(body)
	spans, open := b.r.bodyMembers(nil, text, contentType)
	if open < len(text) {
		spans = append(spans, span{open, len(text), b.r.placeholder("value", text[open:])})
	}
	return b.r.forms.find(spans, text)
}

// mayHoldKey reports whether a body can have members at all.
func mayHoldKey(body []byte) bool {
	for _, c := range body {
		if c == '"' || c == '<' || c == '=' {
			return true
		}
	}
	return false
}

// contentType returns the media type in headers, in lower case and without parameters.
func contentType(headers [][2]string) string {
	for _, h := range headers {
		if strings.EqualFold(h[0], "content-type") {
			media, _, err := mime.ParseMediaType(h[1])
			if err != nil {
				media, _, _ = strings.Cut(h[1], ";")
			}
			return strings.ToLower(strings.TrimSpace(media))
		}
	}
	return ""
}

// bodyMembers finds the values under secret names in JSON (also JSON inside a JSON string), XML, form and multipart
// bodies. Open is where an unfinished secret value starts at the end of text, or len(text). It looks at neighbouring bytes only,
// so that it works on broken and partial bodies as well.
func (r *Redactor) bodyMembers(spans []span, text, contentType string) (_ []span, open int) {
	spans, open = r.jsonMembers(spans, text)
	spans = r.xmlMembers(spans, text)
	if contentType == "application/x-www-form-urlencoded" {
		spans = r.members(spans, text, "^&", "&\r\n", longInQuery)
	}
	if strings.Contains(text, "form-data;") {
		spans = r.partMembers(spans, text)
	}
	return spans, open
}

func (r *Redactor) jsonMembers(spans []span, text string) ([]span, int) {
	open := len(text)
	for at := 0; at < len(text); {
		i := strings.IndexByte(text[at:], ':')
		if i < 0 {
			break
		}
		colon := at + i
		at = colon + 1
		key, quote := keyBefore(text, colon)
		if key == "" || r.rule(key) == keyNever {
			continue
		}
		from := at
		for from < len(text) && strings.IndexByte(" \t\r\n", text[from]) >= 0 {
			from++
		}
		if strings.HasPrefix(text[from:], quote) {
			from += len(quote)
			end := stringEnd(text, from, quote)
			if end < 0 {
				if r.rule(key) == keyAlways && !strings.HasPrefix(text[from:], placeholderOpen) {
					open = min(open, from)
				}
				break
			}
			at = end
			value := text[from:end]
			var plain string
			if json.Unmarshal([]byte(`"`+value+`"`), &plain) != nil {
				plain = value
			}
			if !isPlaceholder(value) && r.secretMember(key, plain, longInBody) {
				spans = append(spans, span{from, end, r.placeholder(key, plain)})
			}
			continue
		}
		end := from
		for end < len(text) && strings.IndexByte("0123456789.eE+-", text[end]) >= 0 {
			end++
		}
		if end > from && r.secretMember(key, text[from:end], longInBody) {
			spans = append(spans, span{from, end, quote + r.placeholder(key, text[from:end]) + quote})
			at = end
		}
	}
	return spans, open
}

// keyBefore returns the quoted name before a colon and its quote: " or \".
func keyBefore(text string, colon int) (key, quote string) {
	end := colon
	for end > 0 && colon-end < 8 && (text[end-1] == ' ' || text[end-1] == '\t') {
		end--
	}
	if end == 0 || text[end-1] != '"' {
		return "", ""
	}
	end--
	quote = `"`
	if end > 0 && text[end-1] == '\\' {
		end--
		quote = `\"`
	}
	from := end
	for from > 0 && end-from <= maxName && text[from-1] != '"' {
		from--
	}
	if from == 0 || end-from > maxName || !strings.HasSuffix(text[:from], quote) {
		return "", ""
	}
	return text[from:end], quote
}

// stringEnd returns where a JSON string ends that starts at from, or -1.
func stringEnd(text string, from int, quote string) int {
	for i := from; i < len(text); i++ {
		if strings.HasPrefix(text[i:], quote) {
			return i
		}
		if text[i] == '\\' {
			i++
			if quote == `\"` && i < len(text) && text[i] == '\\' {
				i += 2
			}
		}
	}
	return -1
}

func (r *Redactor) xmlMembers(spans []span, text string) []span {
	for at := 0; at < len(text); {
		i := strings.IndexByte(text[at:], '<')
		if i < 0 {
			break
		}
		at += i + 1
		end := strings.IndexAny(text[at:min(len(text), at+maxName)], " >/<")
		if end <= 0 || text[at+end] != '>' {
			continue
		}
		key := text[at : at+end]
		if k := strings.IndexByte(key, ':'); k >= 0 {
			key = key[k+1:]
		}
		from := at + end + 1
		to := strings.IndexByte(text[from:], '<')
		if to < 0 || r.rule(key) == keyNever {
			continue
		}
		value := text[from : from+to]
		if trimmed := strings.TrimSpace(value); trimmed != "" && !isPlaceholder(trimmed) && r.secretMember(key, trimmed, longInBody) {
			spans = append(spans, span{from, from + to, r.placeholder(key, trimmed)})
		}
		at = from
	}
	return spans
}

var formPart = regexp.MustCompile(`form-data;[^\r\n]*\bname="([^"\r\n]{1,64})"[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n([^\r\n]*)`)

func (r *Redactor) partMembers(spans []span, text string) []span {
	for _, m := range formPart.FindAllStringSubmatchIndex(text, -1) {
		key, value := text[m[2]:m[3]], text[m[4]:m[5]]
		if !isPlaceholder(value) && r.secretMember(key, value, longInQuery) {
			spans = append(spans, span{m[4], m[5], r.placeholder(key, value)})
		}
	}
	return spans
}
