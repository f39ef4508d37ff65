package lab

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"

	"golang.org/x/net/html/charset"
)

// The texts of /charset: a charset's page holds those that it can write.
var charsetTexts = []string{
	"Plain ASCII: the quick brown fox.",
	"Western: café naïve Ærøskøbing straße.",
	"Central European: Příliš žluťoučký kůň.",
	"Cyrillic: Съешь же ещё этих булок.",
	"Greek: Ξεσκεπάζω την ψυχοφθόρα βδελυγμία.",
	"Hebrew: דג סקרן שט בים.",
	"Arabic: صِف خَلقَ خَودٍ.",
	"Thai: เป็นมนุษย์สุดประเสริฐ.",
	"Japanese: いろはにほへと 色は匂へど カタカナ.",
	"Simplified Chinese: 视野无限广,窗外有蓝天.",
	"Traditional Chinese: 視野無限廣,窗外有藍天.",
	"Korean: 다람쥐 헌 쳇바퀴에 타고파.",
	"Emoji: 🙂 👩‍💻.",
}

var byteOrderMarks = map[string]string{
	"utf-8": "\xef\xbb\xbf", "utf-16le": "\xff\xfe", "utf-16be": "\xfe\xff",
}

// charsetText answers text in a charset of the WHATWG Encoding Standard, under any of its labels.
func charsetText(w http.ResponseWriter, r *http.Request) {
	label := r.PathValue("name")
	encoding, name := charset.Lookup(label)
	if encoding == nil || name == "replacement" {
		badRequest(w, fmt.Sprintf("the charset %q is unknown: use a label of the WHATWG Encoding Standard, such as utf-8, windows-1252, shift_jis, gb18030", label))
		return
	}
	q := queryOf(r)
	declare := q.text("declare", name)
	mark := q.count("bom", 0, 0, 1)
	if mark == 1 && byteOrderMarks[name] == "" {
		q.fail(fmt.Errorf("bom=1: %s has no byte order mark; utf-8, utf-16le and utf-16be have one", name))
	}
	if strings.ContainsFunc(declare, func(c rune) bool { return c <= ' ' || c >= 0x7f || c == '"' || c == ';' }) {
		q.fail(fmt.Errorf("declare=%q: a charset's name is needed", declare))
	}
	if q.refuse(w) {
		return
	}

	var body bytes.Buffer
	if mark == 1 {
		body.WriteString(byteOrderMarks[name])
	}
	for _, text := range charsetTexts {
		// The encoder writes what it has no character for as an HTML reference, of which no text holds one.
		plain, err := encoding.NewEncoder().String(text)
		if err != nil || bytes.Contains(withoutNULs(plain), []byte("&#")) {
			continue
		}
		line, err := encoding.NewEncoder().String(text + "\n")
		if err != nil {
			continue
		}
		body.WriteString(line)
	}
	kind := "text/plain; charset=" + declare
	if declare == "none" {
		kind = "text/plain"
	}
	w.Header().Set("Content-Type", kind)
	w.Write(body.Bytes())
}

// withoutNULs makes ASCII in UTF-16 readable as ASCII.
func withoutNULs(s string) []byte { return bytes.ReplaceAll([]byte(s), []byte{0}, nil) }
