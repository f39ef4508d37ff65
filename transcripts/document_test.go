package transcripts

import (
	"bytes"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"httpx-repl/engine/event"
)

var update = flag.Bool("update", false, "rewrite golden files")

func TestParseGivesBackWhatRenderWrote(t *testing.T) {
	for seed := range uint64(400) {
		r := rand.New(rand.NewPCG(seed, 1))
		s := sessionOf(randomEvents(r))
		if r.IntN(2) == 0 {
			s.Cells[0].Prose = "# Title\n\n```js\nnot ours\n```\n\n<details>\n\ntheirs\n\n</details>"
			s.Cells[0].Attrs = []string{"live", "note=a"}
			s.Tail = "the end"
			s.Front = []FrontKey{{"x-own", "x-own: # why\n  - a\n"}, {"match", "# first\nmatch: {scope: cell}\n"}}
		}
		if r.IntN(5) == 0 {
			s.Front = append(s.Front, FrontKey{"time", "time: " + pick(r, "keep", "round", "none") + "\n"})
		}
		text, blobs := Render(s)
		doc, err := Parse(text, blobs.Folder())
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, text)
		}
		if len(doc.Notes) > 0 {
			t.Fatalf("seed %d: notes on an untouched document: %v", seed, doc.Notes)
		}
		if !reflect.DeepEqual(s.Document(), doc.Session) {
			t.Fatalf("seed %d: parse(render(s)) is not s:\n%s\n%s", seed, cmp.Diff(s.Document(), doc.Session), text)
		}
		again, _ := Render(doc.Session)
		if !bytes.Equal(text, again) {
			t.Fatalf("seed %d: rendering twice differs:\n%s", seed, cmp.Diff(string(text), string(again)))
		}
		if !reflect.DeepEqual(s.Document(), s.Document().Document()) {
			t.Fatalf("seed %d: document form is not stable", seed)
		}
		for _, c := range string(text) {
			if c != '\n' && c != '\t' && unprintable(c) && !strings.ContainsRune(sources(s), c) {
				t.Fatalf("seed %d: control character %q in the document", seed, c)
			}
		}
	}
}

func sources(s *Session) string {
	var b strings.Builder
	for _, c := range s.Cells {
		b.WriteString(c.Source)
	}
	return b.String()
}

// demoEvents is the session of the design's worked example.
func demoEvents(t *testing.T) []event.Event {
	at := func(us int) time.Duration { return time.Duration(us) * time.Microsecond }
	h := [][2]string{{"accept", "*/*"}, {"authorization", "Bearer {{secret.API_TOKEN}}"}}
	head := func(us int, cell, x string, headers ...[2]string) event.Event {
		headers = append(headers, [2]string{"date", "Sun, 22 Nov 2026 13:12:36 GMT"})
		return event.Event{Kind: event.Head, At: at(us), Cell: cell, Exchange: x, Version: "HTTP/1.1", Status: 200, Reason: "OK", Headers: headers}
	}
	ada := []byte(`{"id":1,"name":"Ada Lovelace","langs":["analytical engine"]}`)
	bar := []byte(`{"id":2,"name":"Barbara Liskov","langs":["CLU","Argus"]}`)
	json := [2]string{"content-type", "application/json"}
	return []event.Event{
		{Kind: event.Open, At: at(277), Meta: event.Meta{Version: 1, Tool: "httpx-repl 0.0.0-prototype (goja 793a2a65c13b)", Recorded: time.Date(2026, 11, 22, 13, 12, 36, 777e6, time.UTC), Zone: "UTC", Seed: "9c41f0d2b7a86e35", Secrets: []string{"API_TOKEN"}}},
		{Kind: event.Cell, At: at(385), Cell: "c1", Source: demoSource(t, "c1")},
		{Kind: event.Req, At: at(776), Cell: "c1", Exchange: "c1.1", Method: "GET", URL: "http://127.0.0.1:8077/users/1", Headers: h},
		{Kind: event.Req, At: at(819), Cell: "c1", Exchange: "c1.2", Method: "GET", URL: "http://127.0.0.1:8077/users/2", Headers: h},
		head(61922, "c1", "c1.2", [2]string{"content-length", "56"}, json),
		{Kind: event.Data, At: at(62017), Cell: "c1", Exchange: "c1.2", Data: bar},
		{Kind: event.End, At: at(62023), Cell: "c1", Exchange: "c1.2"},
		head(182513, "c1", "c1.1", [2]string{"content-length", "60"}, json),
		{Kind: event.Data, At: at(182589), Cell: "c1", Exchange: "c1.1", Data: ada},
		{Kind: event.End, At: at(182622), Cell: "c1", Exchange: "c1.1"},
		{Kind: event.Out, At: at(182622), Cell: "c1", Text: "finished in order 2,1; both in 182 ms"},
		{Kind: event.Out, At: at(182622), Cell: "c1", Text: "Ada Lovelace + Barbara Liskov"},
		{Kind: event.Done, At: at(182755), Cell: "c1"},
		{Kind: event.Cell, At: at(182758), Cell: "c2", Source: demoSource(t, "c2")},
		{Kind: event.Req, At: at(182961), Cell: "c2", Exchange: "c2.1", Method: "GET", URL: "http://127.0.0.1:8077/chat?q=hello", Headers: h},
		head(183183, "c2", "c2.1", [2]string{"content-type", "text/event-stream"}),
		{Kind: event.Data, At: at(183231), Cell: "c2", Exchange: "c2.1", Data: []byte("data: Hel")},
		{Kind: event.Data, At: at(223651), Cell: "c2", Exchange: "c2.1", Data: []byte("lo\n\ndata: caf\xc3")},
		{Kind: event.Out, At: at(223651), Cell: "c2", Text: "line 1 at 223 ms: data: Hello"},
		{Kind: event.Data, At: at(304225), Cell: "c2", Exchange: "c2.1", Data: []byte("\xa9\n\n")},
		{Kind: event.Out, At: at(304225), Cell: "c2", Text: "line 2 at 304 ms: data: café"},
		{Kind: event.Data, At: at(424828), Cell: "c2", Exchange: "c2.1", Data: []byte("data: [DONE]\n\n")},
		{Kind: event.Out, At: at(424828), Cell: "c2", Text: "line 3 at 424 ms: data: [DONE]"},
		{Kind: event.End, At: at(425041), Cell: "c2", Exchange: "c2.1"},
		{Kind: event.Out, At: at(425041), Cell: "c2", Text: "status 200 lucky 90"},
		{Kind: event.Done, At: at(425135), Cell: "c2"},
		{Kind: event.Close, At: at(425137)},
	}
}

func demoSource(t *testing.T, cell string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "demo.hx.md"))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := Parse(text, nil)
	if err != nil {
		t.Fatal(err)
	}
	return doc.Session.Cell(cell).Source
}

func TestRenderWritesTheWorkedExample(t *testing.T) {
	golden(t, "demo.hx.md", func() []byte {
		s := sessionOf(demoEvents(t))
		s.Cells[0].Prose = "# Two requests at once\n\nBoth calls start before either is awaited, so the total is the slower one,\nnot the sum, and user 2 finishes first."
		s.Cells[1].Prose = "## A streamed response\n\nLines arrive while the response is still open. Note that the second chunk ends\nin the middle of a character."
		text, _ := Render(s)
		return text
	})
}

func golden(t *testing.T, name string, make func() []byte) {
	t.Helper()
	got := make()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

const smallFront = "---\nhttpx-transcript: 1\n---\n"

func TestBrokenDocumentsNameTheirLine(t *testing.T) {
	exchange := "```js hx=c1\nx\n```\n```http hx-req=c1.1\nGET http://h/\n```\n"
	order := func(lines string) string { return "```text hx-order=c1 start=0.000\n" + lines + "```\n" }
	for _, c := range []struct{ name, text, want string }{
		{"no front matter", "# hello\n", "line 1: a transcript begins with front matter"},
		{"empty", "", "line 1:"},
		{"not yaml", "---\na: [\n---\n", "line 2: the front matter is not YAML"},
		{"no version", "---\ntool: x\n---\n", "no key httpx-transcript"},
		{"newer", "---\nhttpx-transcript: 2\n---\n", "line 2: this transcript has format version 2 and this tool reads up to 1"},
		{"anchors", "---\nhttpx-transcript: 1\nx: &a 1\ny: *a\n---\n", "anchors"},
		{"bad time", "---\nhttpx-transcript: 1\ntime: sometimes\n---\n", "not keep, round or none"},
		{"bad recorded", "---\nhttpx-transcript: 1\nrecorded: yesterday\n---\n", "recorded"},
		{"twice", smallFront + "```js hx=c1\n```\n```js hx=c1\n```\n", "line 6: the cell hx=c1 stands twice"},
		{"name", smallFront + "```js hx=1c\n```\n", "line 4: \"1c\" is not a cell's name"},
		{"open fence", smallFront + "\n```js hx=c1\nx\n", "line 5: the fence hx=c1 has no end"},
		{"order first", smallFront + order(""), "line 4: hx-order=c1 stands before"},
		{"out first", smallFront + "```text hx-out=c1\n```\n", "line 4: hx-out=c1 stands before"},
		{"unused exchange", smallFront + exchange + order(""), "no order fence has a line \"req c1.1\""},
		{"unknown exchange", smallFront + exchange + order("0.1 req c1.2\n"), "line 11: req names the exchange \"c1.2\""},
		{"head without fence", smallFront + exchange + order("0.1 req c1.1\n0.2 head c1.1\n"), "line 12: head names the exchange c1.1"},
		{"data first", smallFront + exchange + order("0.1 req c1.1\n0.2 data c1.1 3\n"), "line 12: data c1.1 stands before head"},
		{"reversed", smallFront + exchange + order("0.1 end c1.1\n0.2 req c1.1\n"), "line 11: end c1.1 stands before req"},
		{"unknown event", smallFront + exchange + order("0.1 dance c1.1\n"), "\"dance\" is not an event"},
		{"bad attribute", smallFront + "```js hx=c1\n```\n```text hx-order=c1 begin=1\n```\n", "attribute \"begin\" that is not known"},
		{"bad start", smallFront + "```js hx=c1\n```\n```text hx-order=c1 start=x\n```\n", "not a time in milliseconds"},
		{"bad header", smallFront + "```js hx=c1\n```\n```http hx-req=c1.1\nGET http://h/\nno header\n```\n" + order("req c1.1\n"), "line 8: \"no header\" is not a header"},
		{"bad json", smallFront + "```js hx=c1\n```\n```http hx-req=c1.1 form=compact\nPOST http://h/\n\n{\n```\n" + order("req c1.1\n"), "not JSON"},
		{"blob path", smallFront + "```js hx=c1\n```\n```http hx-req=c1.1 blob=../../etc/passwd\nPOST http://h/\n```\n" + order("req c1.1\n"), "not the name of a blob"},
		{"blob missing", smallFront + "```js hx=c1\n```\n```http hx-req=c1.1 blob=" + blobName(nil) + "\nPOST http://h/\n```\n" + order("req c1.1\n"), "blob"},
		{"undelivered body", smallFront + exchange + "```http hx-res=c1.1\nHTTP/1.1 200\n\nbody\n```\n" + order("req c1.1\nhead c1.1\n"), "no order fence has a line that delivers it"},
		{"not utf-8", smallFront + "a\n\xff\n", "line 5: the document is not UTF-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse([]byte(c.text), nil)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestHandEditsAreNotes(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "demo.hx.md"))
	if err != nil {
		t.Fatal(err)
	}
	body := func(edited string) ([]byte, []Note) {
		doc, err := Parse([]byte(edited), nil)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := doc.Session.Exchanges()[0].Body()
		return b, doc.Notes
	}
	got, notes := body(strings.Replace(string(text), `"name": "Ada Lovelace"`, `"name": "Ada, Countess of Lovelace"`, 1))
	if want := `{"id":1,"name":"Ada, Countess of Lovelace","langs":["analytical engine"]}`; string(got) != want {
		t.Errorf("body %s, want %s", got, want)
	}
	if len(notes) != 1 || notes[0].Exchange != "c1.1" || !strings.Contains(notes[0].Text, "edited") {
		t.Errorf("notes %v, want one that says edited", notes)
	}
	if _, notes := body(strings.Replace(string(text), "data: [DONE]\n\n\n", "data: [DONE]\n", 1)); len(notes) != 1 {
		t.Errorf("trimmed blank lines: notes %v, want one", notes)
	}
	if _, notes := body(strings.ReplaceAll(string(text), "\n", "\r\n")); len(notes) != 0 {
		t.Errorf("autocrlf: notes %v, want none", notes)
	}
	if _, notes := body(strings.Replace(string(text), "data c2.1 14", "data c2.1 1400", 1)); len(notes) == 0 {
		t.Error("a chunk longer than its body gave no note")
	}
}

func TestDocumentDecodesBodies(t *testing.T) {
	body := gzipped(strings.Repeat("hello gzip ", 30))
	events := []event.Event{
		{Kind: event.Open}, {Kind: event.Cell, Cell: "c1", Source: "x"},
		{Kind: event.Req, Exchange: "c1.1", Method: "GET", URL: "http://h/"},
		{Kind: event.Head, Exchange: "c1.1", Status: 200, Headers: [][2]string{{"Content-Encoding", "gzip"}}},
		{Kind: event.Data, Exchange: "c1.1", Data: body[:20]},
		{Kind: event.Data, Exchange: "c1.1", Data: body[20:]},
		{Kind: event.End, Exchange: "c1.1"},
	}
	x := sessionOf(events).Document().Exchanges()[0]
	got, _ := x.Body()
	if string(got) != strings.Repeat("hello gzip ", 30) || !x.Head.Decoded || x.Head.Wire != int64(len(body)) || len(x.data) != 2 {
		t.Errorf("decoded %v, wire %d, %d chunks, body %q", x.Head.Decoded, x.Head.Wire, len(x.data), got)
	}
	text, _ := Render(sessionOf(events))
	if !strings.Contains(string(text), "hx-res=c1.1 coding=gzip wire=") {
		t.Errorf("the document does not tell the coding:\n%s", text)
	}
	raw := append(events[:6:6], event.Event{Kind: event.Raw, Exchange: "c1.1"}, events[6])
	x = sessionOf(raw).Document().Exchanges()[0]
	if got, _ := x.Body(); !bytes.Equal(got, body) || x.Head.Decoded {
		t.Error("the body of an exchange that was read raw was decoded")
	}
	broken := append(events[:5:5], events[6])
	x = sessionOf(broken).Document().Exchanges()[0]
	if got, _ := x.Body(); !bytes.Equal(got, body[:20]) || x.Head.Decoded {
		t.Error("a broken body was decoded: its replay would not fail as it did")
	}
}

func FuzzParse(f *testing.F) {
	for seed := range uint64(20) {
		text, _ := Render(sessionOf(randomEvents(rand.New(rand.NewPCG(seed, 2)))))
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		doc, err := Parse(text, nil)
		if err != nil {
			return
		}
		once, blobs := Render(doc.Session)
		back, err := Parse(once, blobs.Folder())
		if err != nil {
			t.Fatalf("cannot read what Render wrote: %v\n%s", err, once)
		}
		twice, _ := Render(back.Session)
		if !bytes.Equal(once, twice) {
			t.Fatalf("not canonical:\n%s", cmp.Diff(string(once), string(twice)))
		}
	})
}
