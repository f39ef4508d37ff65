//go:build linux

package main

import (
	"fmt"
	"strings"
	"testing"

	"httpx-repl/engine/lab"
	"httpx-repl/repl/repltest"
)

// evilCell asks for every hostile text in one place of an answer and shows what came back in every way that the prompt has:
// printed, logged, as a property, as an error, and as the cell's value.
const evilCell = `const seen%[1]d = await Promise.all(Array.from({ length: %[2]d }, async (_, n) => {
  try {
    const r = await client.get(lab.url + "/evil/%[3]s/" + n, { followRedirects: true });
    print(r, r.reasonPhrase, String(r.url), r.text);
    console.log(r.headers, r.cookies, r.links, r.encoding);
    const value = { r, headers: r.headers.multiItems(), text: r.text, url: r.url, history: r.history };
    try { value.json = r.json() } catch (e) { value.error = e }
    return value;
  } catch (e) {
    print(e.message);
    console.error(e);
    return e;
  }
}));
seen%[1]d`

// Nothing that a server sends drives the terminal: every sequence of the lab in every place where the lab can put it, shown in
// every way. The terminal then has seen only what package term owns, and no sequence as it came.
func TestPromptShowsNothingEvil(t *testing.T) {
	t.Parallel()
	p := open(t, t.TempDir(), "--no-journal")
	sequences := lab.EvilSequences()
	for i, position := range lab.EvilPositions() {
		p.cell(t, repltest.Paste(fmt.Sprintf(evilCell, i, len(sequences), position)))
		p.cell(t, fmt.Sprintf("throw seen%d.find(v => v instanceof Error) ?? new Error(seen%[1]d.map(v => v.text).join())", i))
		p.cell(t, fmt.Sprintf(`(await client.get(lab.url + "/evil/%s/all", { followRedirects: true })).raiseForStatus().text`, position))
	}
	p.keys(t, ".requests", repltest.Enter)
	p.cell(t, "'listed'")
	p.noneOf(t, sequences)
	p.keys(t, repltest.Ctrl('d'))
	p.leave(t, 0)
}

// Nor does what is typed, pasted, computed or completed.
func TestPromptTypesNothingEvil(t *testing.T) {
	t.Parallel()
	sequences := lab.EvilSequences()
	home := t.TempDir()
	p := open(t, home, "--no-journal")
	p.cell(t, `const evil = {}`)
	for i, s := range sequences {
		text := strings.NewReplacer("\\", "", "'", "", "\x1b[201~", "").Replace(s.Bytes)
		p.keys(t, repltest.Paste(fmt.Sprintf("evil['before%safter'] = %d", text, i)), repltest.Enter)
		p.waitPrompt(t, 3+i) // while a cell runs, the system itself echoes what is typed
	}
	p.cell(t, `for (let n = 0; n < `+fmt.Sprint(len(sequences))+`; n++) evil[(await client.get(lab.url + "/evil/body/" + n)).text] = n`)
	p.cell(t, `evil`)
	p.keys(t, "evil.", repltest.Tab, repltest.Ctrl('c'))
	p.cell(t, `throw Object.assign(new Error(Object.keys(evil).join()), { name: Object.keys(evil).join(), cause: Object.keys(evil) })`)
	p.cell(t, `Promise.reject(Object.keys(evil).join()); undefined`)
	p.cell(t, `Object.keys(evil).map(k => Symbol(k)), Object.keys(evil).map(k => ({ [k]() {} })), evil`)
	p.cell(t, `Object.keys(evil).map(k => Object.defineProperty(function () {}, "name", { value: k }))`)
	p.cell(t, `console.table?.(evil), print(...Object.keys(evil))`)
	p.cell(t, `try { await client.get("http://127.0.0.1:1/" + Object.keys(evil)[40]) } catch (e) { e }`)
	p.noneOf(t, sequences)
	p.keys(t, repltest.Ctrl('d'))
	p.leave(t, 0)

	// The history brings back what was pasted, and shows it as it was shown then.
	p = open(t, home, "--no-journal")
	for range 12 {
		p.keys(t, repltest.Up)
	}
	p.keys(t, repltest.Ctrl('c'))
	p.cell(t, "'recalled'")
	p.noneOf(t, sequences)
}

// noneOf demands that the terminal has received none of the sequences as they are, and nothing that a prompt has no business
// sending.
func (p *terminal) noneOf(t *testing.T, sequences []lab.EvilSequence) {
	t.Helper()
	if f := p.Foreign(); len(f) > 0 {
		t.Errorf("%d foreign sequences, the first: %v", len(f), f[:min(len(f), 10)])
	}
	sent := p.sent()
	if !strings.Contains(sent, "before") {
		t.Error("no hostile text was shown at all")
	}
	for _, s := range sequences {
		if s.Name == "private use" {
			continue // a glyph of one's own font: it does nothing
		}
		if strings.Contains(sent, "before"+s.Bytes+"after") {
			t.Errorf("the terminal received the sequence %s, %q, as it is", s.Name, s.Bytes)
		}
	}
}
