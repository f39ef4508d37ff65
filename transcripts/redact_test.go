package transcripts

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"httpx-repl/engine/event"
)

// canary is a value with characters that every encoding changes.
func canary(n int) string { return fmt.Sprintf(`cAn4ry/%03d+"x\y" é&z`, n) }

// carriesCanary reports the encodings in which text holds the canary.
func carriesCanary(text []byte, value string) (found []string) {
	escaped, _ := json.Marshal(value)
	forms := map[string]string{
		"raw": value, "query": url.QueryEscape(value), "path": url.PathEscape(value), "lower": strings.ToLower(url.QueryEscape(value)),
		"json": string(escaped[1 : len(escaped)-1]),
	}
	for shift := range 3 {
		forms[fmt.Sprint("base64 ", shift)] = insideBase64(value, shift, base64.StdEncoding)
		forms[fmt.Sprint("base64url ", shift)] = insideBase64(value, shift, base64.URLEncoding)
	}
	for name, form := range forms {
		if bytes.Contains(text, []byte(form)) {
			found = append(found, name)
		}
	}
	return found
}

// canaryRoutes puts a secret into every place and encoding that can carry one.
var canaryRoutes = []struct {
	name  string
	given bool // the value was given with AddSecret; else it must be found by its name
	put   func(v string) []event.Event
}{
	{"bearer", false, req(func(e *event.Event, v string) { header(e, "Authorization", "Bearer "+token(v)) })},
	{"basic", false, req(func(e *event.Event, v string) {
		header(e, "authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("user:"+v)))
	})},
	{"given in basic", true, req(func(e *event.Event, v string) {
		header(e, "x-other", base64.StdEncoding.EncodeToString([]byte("user:"+v)))
	})},
	{"cookie", false, req(func(e *event.Event, v string) { header(e, "COOKIE", "theme=dark; sid="+url.QueryEscape(v)) })},
	{"set-cookie", false, res(func(e *event.Event, v string) {
		header(e, "set-cookie", "sid="+url.QueryEscape(v)+"; Path=/; HttpOnly")
	})},
	{"api key header", false, req(func(e *event.Event, v string) { header(e, "X-Api-Key", v) })},
	{"header by word", false, req(func(e *event.Event, v string) { header(e, "X-Corp-Token", v) })},
	{"digest nonce", false, res(func(e *event.Event, v string) {
		header(e, "WWW-Authenticate", `Digest realm="r", nonce="`+token(v)+`", opaque="`+token(v)+`"`)
	})},
	{"query", false, req(func(e *event.Event, v string) { e.URL = "http://h/?access_token=" + url.QueryEscape(v) + "&x=1" })},
	{"location", false, res(func(e *event.Event, v string) {
		header(e, "location", "https://h/cb#access_token="+url.QueryEscape(v)+"&state=open")
	})},
	{"userinfo", false, req(func(e *event.Event, v string) { e.URL = "http://" + url.UserPassword("me", v).String() + "@h/" })},
	{"form", false, req(func(e *event.Event, v string) {
		header(e, "content-type", "application/x-www-form-urlencoded")
		e.Data = []byte("grant=x&password=" + url.QueryEscape(v))
	})},
	{"json", false, req(func(e *event.Event, v string) {
		header(e, "content-type", "application/json")
		e.Data = []byte(`{"a":[{"client_secret": ` + quote(v) + `}]}`)
	})},
	{"json in json", false, req(func(e *event.Event, v string) { e.Data = []byte(`{"a":` + quote(`{"password":`+quote(v)+`}`) + `}`) })},
	{"multipart", false, req(func(e *event.Event, v string) {
		header(e, "content-type", "multipart/form-data; boundary=b")
		e.Data = []byte("--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n" + v + "\r\n--b--\r\n")
	})},
	{"xml", false, res1(func(v string) string { return "<login><password>" + v + "</password></login>" })},
	{"response json", false, res1(func(v string) string { return `{"refresh_token": ` + quote(v) + `}` })},
	{"given in body", true, res1(func(v string) string { return "you sent " + v })},
	{"given in query", true, req(func(e *event.Event, v string) { e.URL = "http://h/?other=" + url.QueryEscape(v) })},
	{"given in path", true, req(func(e *event.Event, v string) {
		e.URL = "http://h/" + strings.ToLower(url.PathEscape("/"))[1:] + url.PathEscape(v)
	})},
	{"given in reason", true, res(func(e *event.Event, v string) { e.Reason = v })},
	{"given in trailer", true, func(v string) []event.Event {
		return []event.Event{{Kind: event.Trail, Headers: [][2]string{{"x-echo", v}}}}
	}},
	{"given in output", true, func(v string) []event.Event { return []event.Event{{Kind: event.Out, Text: "> " + v}} }},
	{"given in json output", true, func(v string) []event.Event { return []event.Event{{Kind: event.Out, Text: quote(v)}} }},
	{"given in source", true, func(v string) []event.Event {
		return []event.Event{{Kind: event.Cell, Cell: "c2", Source: "get(" + quote(v) + ")"}}
	}},
	{"source literal", false, func(v string) []event.Event {
		return []event.Event{{Kind: event.Cell, Cell: "c2", Source: "login({ user: 'me', password: '" + token(v) + "' })"}}
	}},
	{"error", true, func(v string) []event.Event {
		return []event.Event{{Kind: event.Err, Class: "ConnectError", Text: "cannot reach " + v}}
	}},
	{"environment", false, func(v string) []event.Event {
		return []event.Event{{Kind: event.Env, Name: "GITHUB_TOKEN", Text: v}, {Kind: event.Out, Text: v}}
	}},
	{"prompt", true, func(v string) []event.Event { return []event.Event{{Kind: event.Input, Text: v}} }},
}

func token(v string) string {
	return strings.NewReplacer(`"`, "q", " ", "_", `\`, "b", "&", "a", "é", "e", "/", "s", "+", "p").Replace(v)
}

func quote(v string) string { b, _ := json.Marshal(v); return string(b) }

func header(e *event.Event, name, value string) {
	e.Headers = append(e.Headers, [2]string{name, value})
}

func req(edit func(e *event.Event, v string)) func(string) []event.Event {
	return func(v string) []event.Event {
		e := event.Event{Kind: event.Req, Exchange: "c1.2", Method: "POST", URL: "http://h/"}
		edit(&e, v)
		return []event.Event{e}
	}
}

func res(edit func(e *event.Event, v string)) func(string) []event.Event {
	return func(v string) []event.Event {
		e := event.Event{Kind: event.Head, Status: 200}
		edit(&e, v)
		return []event.Event{e}
	}
}

func res1(body func(v string) string) func(string) []event.Event {
	return func(v string) []event.Event {
		return []event.Event{{Kind: event.Head, Status: 200}, {Kind: event.Data, Data: []byte(body(v))}}
	}
}

func TestNoCanaryReachesAFile(t *testing.T) {
	places := 0
	for n, route := range canaryRoutes {
		for k := range 35 {
			v := canary(100*n + k)
			if n%2 == 1 {
				v = token(v)
			}
			r := NewRedactor(RedactOptions{})
			if route.given {
				r.AddSecret("CANARY", v)
			}
			events := []event.Event{{Kind: event.Open}, {Kind: event.Cell, Cell: "c1", Source: "x"}, {Kind: event.Req, Exchange: "c1.1", Method: "GET", URL: "http://h/"}}
			for _, e := range route.put(v) {
				if e.Exchange == "" && e.Kind != event.Cell && e.Kind != event.Out && e.Kind != event.Env && e.Kind != event.Input {
					e.Exchange = "c1.1"
				}
				if e.Kind != event.Cell {
					e.Cell = "c1"
				}
				events = append(events, e)
			}
			events = append(events, event.Event{Kind: event.End, Exchange: "c1.1"})
			// The journal writes what it is given; the document is saved from the unredacted session as well, which is harder.
			files := map[string][]byte{"journal": journalOf(t, events, JournalOptions{Redactor: r})}
			fresh := NewRedactor(RedactOptions{})
			if route.given {
				fresh.AddSecret("CANARY", v)
			}
			path := filepath.Join(t.TempDir(), "s.hx.md")
			if _, err := Save(path, sessionOf(events), SaveOptions{Redactor: fresh}); err != nil {
				t.Fatalf("%s: %v", route.name, err)
			}
			files["document"], _ = os.ReadFile(path)
			doc, err := Load(path)
			if err != nil {
				t.Fatalf("%s: %v", route.name, err)
			}
			for _, x := range doc.Session.Exchanges() { // a body may stand there in base64
				body, _ := x.RequestBody()
				files["document"] = append(files["document"], body...)
			}
			for file, text := range files {
				places++
				for _, secret := range []string{v, token(v)} {
					if found := carriesCanary(text, secret); len(found) > 0 {
						t.Fatalf("%s: the %s holds the canary %s: %v\n%s", route.name, file, secret, found, text)
					}
				}
				if !bytes.Contains(text, []byte("{{secret.")) {
					t.Fatalf("%s: the %s has no placeholder\n%s", route.name, file, text)
				}
			}
		}
	}
	t.Logf("%d canaries in %d routes, none on disk", places, len(canaryRoutes))
}

func TestSecretSplitOverChunks(t *testing.T) {
	const v = "s3cr3t-token-value"
	for _, split := range [][]int{{5}, {1}, {17}, {3, 9}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17}} {
		body := "say " + v + " and s3cr3 no"
		var chunks []string
		at := 0
		for _, cut := range split {
			chunks = append(chunks, body[at:4+cut])
			at = 4 + cut
		}
		chunks = append(chunks, body[at:])
		r := NewRedactor(RedactOptions{})
		r.AddSecret("T", v)
		events := []event.Event{{Kind: event.Open}, {Kind: event.Cell, Cell: "c1"}, {Kind: event.Req, Exchange: "c1.1", Method: "GET", URL: "http://h/"}, {Kind: event.Head, Exchange: "c1.1", Status: 200}}
		for _, c := range chunks {
			events = append(events, event.Event{Kind: event.Data, Exchange: "c1.1", Data: []byte(c)})
		}
		for _, ending := range []event.Kind{event.End, event.Err, event.Close} {
			text := journalOf(t, append(events[:len(events):len(events)], event.Event{Kind: ending, Exchange: "c1.1"}), JournalOptions{Redactor: redactorOf(v)})
			s, facts, err := ReadJournal(bytes.NewReader(text), nil)
			if err != nil || facts.Closed != (ending == event.Close) {
				t.Fatal(facts, err)
			}
			got, _ := s.Exchanges()[0].Body()
			if want := "say {{secret.T}} and s3cr3 no"; string(got) != want || len(s.Exchanges()[0].data) != len(chunks) {
				t.Errorf("split %v, %s: %q in %d chunks, want %q in %d", split, ending, got, len(s.Exchanges()[0].data), want, len(chunks))
			}
		}
		got, _ := r.Session(sessionOf(events)).Exchanges()[0].Body()
		if want := "say {{secret.T}} and s3cr3 no"; string(got) != want {
			t.Errorf("split %v, document: %q", split, got)
		}
	}
}

func redactorOf(v string) *Redactor {
	r := NewRedactor(RedactOptions{})
	r.AddSecret("T", v)
	return r
}

func TestPlaceholdersAreStable(t *testing.T) {
	login := event.Event{Kind: event.Data, Exchange: "c1.1", Data: []byte(`{"access_token":"abcdef0123456789","token_count":5,"state":"open","pin":1234}`)}
	use := event.Event{Kind: event.Req, Exchange: "c1.2", Method: "GET", URL: "http://h/?state=open", Headers: [][2]string{{"Authorization", "Bearer abcdef0123456789"}, {"X-Api-Key", "other-value"}}}
	r := NewRedactor(RedactOptions{})
	first := r.Event(login)
	if got, want := string(first.Data), `{"access_token":"{{secret.access_token.1}}","token_count":5,"state":"open","pin":"{{secret.pin.1}}"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	second := r.Event(use)
	if got := second.Headers[0][1]; got != "Bearer {{secret.access_token.1}}" {
		t.Errorf("the token has another name in a header: %s", got)
	}
	if got := second.URL; got != use.URL {
		t.Errorf("an innocent state was hidden: %s", got)
	}
	if use.Headers[0][1] != "Bearer abcdef0123456789" {
		t.Error("Event changed what it was given")
	}
	for _, e := range []event.Event{first, second} {
		for _, again := range []*Redactor{r, NewRedactor(RedactOptions{})} {
			if got := again.Event(e); fmt.Sprint(got) != fmt.Sprint(e) {
				t.Errorf("redacting twice: %v, want %v", got, e)
			}
		}
	}
	fresh := NewRedactor(RedactOptions{})
	s := fresh.Session(sessionOf([]event.Event{{Kind: event.Cell, Cell: "c1", Source: "x"},
		{Kind: event.Req, Exchange: "c1.1", Method: "GET", URL: "http://h/", Headers: [][2]string{{"authorization", "Bearer {{secret.authorization.1}}"}}},
		{Kind: event.Req, Exchange: "c1.2", Method: "GET", URL: "http://h/", Headers: [][2]string{{"authorization", "Bearer newnewnew"}}}}))
	if got := s.Exchanges()[1].Req.Headers[0][1]; got != "Bearer {{secret.authorization.2}}" {
		t.Errorf("a number was given twice: %s", got)
	}
	if got := strings.Join(s.Meta.Secrets, " "); got != "authorization.1 authorization.2" {
		t.Errorf("names %q", got)
	}
}

// A replay builds its Basic header from the placeholder; it must come out as the recorded one did.
func TestBasicCredentialsMatchOnReplay(t *testing.T) {
	basic := func(password string) event.Event {
		return event.Event{Kind: event.Req, Headers: [][2]string{{"authorization", "Basic " + base64.StdEncoding.EncodeToString([]byte("user:"+password))}}}
	}
	recorded := redactorOf("real password").Event(basic("real password"))
	replayed := NewRedactor(RedactOptions{}).Event(basic("{{secret.T}}"))
	if recorded.Headers[0][1] != "Basic {{secret.T}}" || replayed.Headers[0][1] != recorded.Headers[0][1] {
		t.Errorf("recorded %s, replayed %s", recorded.Headers[0][1], replayed.Headers[0][1])
	}
}

func TestScan(t *testing.T) {
	jwt := "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"
	for _, text := range []string{jwt, "Bearer abcdefghijklmnop", "Basic dXNlcjpwYXNzd29yZA==", "-----BEGIN RSA PRIVATE KEY-----", "AKIAIOSFODNN7EXAMPLE",
		"ghp_" + strings.Repeat("a", 36), "glpat-" + strings.Repeat("b", 20), "xoxb-1234567890-abc", "sk_live_" + strings.Repeat("c", 24),
		"AIza" + strings.Repeat("d", 35), "npm_" + strings.Repeat("e", 36), "sk-proj-" + strings.Repeat("f", 24), "http://user:pass@h/"} {
		if found := Scan([]byte("one\n" + text + "\n")); len(found) == 0 || found[0].Line != 2 {
			t.Errorf("%s: found %v", text, found)
		}
	}
	for _, text := range []string{"Bearer {{secret.API_TOKEN}}", "http://{{secret.username.1}}:{{secret.password.1}}@h/", "the bearer of news", "http://h:80/a@b", "basic information about"} {
		if found := Scan([]byte(text)); len(found) > 0 {
			t.Errorf("%s: found %v", text, found)
		}
	}
}

func TestRedactingKeepsTheReplay(t *testing.T) {
	s := sessionOf([]event.Event{{Kind: event.Cell, Cell: "c1", Source: `login("hunter2hunter2")`},
		{Kind: event.Req, Exchange: "c1.1", Method: "POST", URL: "http://h/login?token=hunter2hunter2", Headers: [][2]string{{"content-type", "application/json"}}, Data: []byte(`{"password":"hunter2hunter2"}`)},
		{Kind: event.End, Exchange: "c1.1"}, {Kind: event.Done, Cell: "c1"}})
	r := NewRedactor(RedactOptions{})
	doc := r.Session(s)
	if want := `login("{{secret.token.1}}")`; doc.Cells[0].Source != want && doc.Cells[0].Source != `login("{{secret.password.1}}")` {
		t.Fatalf("source %s, want %s", doc.Cells[0].Source, want)
	}
	placeholder := doc.Cells[0].Source[len(`login("`) : len(doc.Cells[0].Source)-len(`")`)]
	tape, err := NewTape(doc, TapeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	tape.Begin("c1", doc.Cells[0].Source)
	live := event.Event{Kind: event.Req, Exchange: "c1.1", Method: "POST", URL: "http://h/login?token=" + url.QueryEscape(placeholder),
		Headers: [][2]string{{"content-type", "application/json"}}, Data: []byte(`{"password":"` + placeholder + `"}`)}
	if seat, err := tape.Issue(live); err != nil || seat != "c1.1" {
		t.Errorf("seat %s, %v", seat, err)
	}
}

func TestShortCookiesStayReadable(t *testing.T) {
	r := NewRedactor(RedactOptions{})
	for cookie, want := range map[string]string{
		"flavour=oatmeal":    "flavour=oatmeal",
		"theme=dark; sid=1":  "theme=dark; sid={{secret.sid.1}}",
		"flavour=0123456789": "flavour={{secret.flavour.1}}",
	} {
		e := r.Event(event.Event{Kind: event.Req, Headers: [][2]string{{"Cookie", cookie}}})
		if got := e.Headers[0][1]; got != want {
			t.Errorf("%s became %s, want %s", cookie, got, want)
		}
	}
}

func TestSavedNamesAreThoseUsed(t *testing.T) {
	r := NewRedactor(RedactOptions{})
	r.AddSecret("UNUSED", "nobody-wrote-this")
	r.AddSecret("USED", "somebody-wrote-this")
	recorder := NewRecorder()
	recorder.Record(event.Event{Kind: event.Open, Meta: event.Meta{Version: FormatVersion}})
	recorder.Record(event.Event{Kind: event.Cell, Cell: "c1", Source: "print('somebody-wrote-this')"})
	recorder.Record(event.Event{Kind: event.Done, Cell: "c1"})
	saved, err := Save(filepath.Join(t.TempDir(), "s.hx.md"), recorder.Session(), SaveOptions{Redactor: r})
	if err != nil {
		t.Fatal(err)
	}
	if len(saved.Secrets) != 1 || saved.Secrets[0] != "USED" {
		t.Errorf("secrets %v, want [USED]", saved.Secrets)
	}
}

func TestLiteralSecretsOfAProgram(t *testing.T) {
	for source, want := range map[string]string{
		`client.get(u, {headers: {authorization: "Bearer abcdefgh1234"}})`: `client.get(u, {headers: {authorization: "Bearer {{secret.authorization.1}}"}})`,
		`client.headers["Authorization"] = 'Token abcdefgh1234'`:           `client.headers["Authorization"] = 'Token {{secret.authorization.1}}'`,
		`{"X-Api-Key": "abcdefgh1234"}`:                                    `{"X-Api-Key": "{{secret.x-api-key.1}}"}`,
		"{auth: [\"ada\", `pw`]}":                                          "{auth: [\"ada\", `{{secret.password.1}}`]}",
		`new httpx.DigestAuth('ada', 'hunter2hunter2')`:                    `new httpx.DigestAuth('ada', '{{secret.password.1}}')`,
		`{auth: ["ada", password]}`:                                        `{auth: ["ada", password]}`,
		`{headers: {accept: "text/plain"}}`:                                `{headers: {accept: "text/plain"}}`,
		`{headers: {"User-Agent": "a-long-name-of-an-agent"}}`:             `{headers: {"User-Agent": "a-long-name-of-an-agent"}}`,
	} {
		r := NewRedactor(RedactOptions{})
		got := r.Event(event.Event{Kind: event.Cell, Cell: "c1", Source: source}).Source
		if got != want {
			t.Errorf("%s\nbecame %s\nwant   %s", source, got, want)
		}
		if again := r.Event(event.Event{Kind: event.Cell, Cell: "c1", Source: got}).Source; again != got {
			t.Errorf("redacting twice makes %s of %s", again, got)
		}
	}
}
