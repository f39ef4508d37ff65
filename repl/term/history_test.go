package term

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

func open(t *testing.T, dir string) *History {
	t.Helper()
	return OpenHistory(HistoryOptions{Dir: dir, Warn: func(err error) { t.Errorf("warned: %v", err) }})
}

func TestHistoryFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state", "httpx-repl")
	h := open(t, dir)
	for _, text := range []string{"one", "f({\n  a: '<é>',\u2028 \x00\n})", "two", "two", " spaced", "auth: 1", "three", "two", ""} {
		h.Add(text)
	}
	want := []string{"one", "f({\n  a: '<é>',\u2028 \x00\n})", "two", " spaced", "auth: 1", "three", "two"}
	if got := h.Entries(); !slices.Equal(got, want) {
		t.Fatalf("in memory: %q", got)
	}
	want = slices.DeleteFunc(want, func(s string) bool { return s == " spaced" || s == "auth: 1" })
	if got := open(t, dir).Entries(); !slices.Equal(got, want) {
		t.Fatalf("from the file: %q", got)
	}
	for path, mode := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, "history.jsonl"): 0o600, filepath.Join(dir, "history.jsonl.lock"): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	if err := os.Chmod(filepath.Join(dir, "history.jsonl"), 0o644); err != nil {
		t.Fatal(err)
	}
	open(t, dir).Entries()
	if info, _ := os.Stat(filepath.Join(dir, "history.jsonl")); info.Mode().Perm() != 0o600 {
		t.Errorf("a readable file stays %v", info.Mode())
	}
}

func TestSecretsStayInMemory(t *testing.T) {
	secrets := []string{
		"client.get(u, { auth: ['me', 'pw'] })", "httpx.BasicAuth('me', 'x')", `h = {"Authorization": x}`, "h.authorization = x",
		"'Bearer abcdef'", "password = 'x'", "const myToken = 'x'", "let PASSWD", "x.apiKey = 1", "api_key", "'x-api-key'", "clientSecret",
		"AKIAIOSFODNN7EXAMPLE", "ghp_abcdefghijklmnopqrstuvwxyz0123456789", "github_pat_11ABCDEFG0abcdefghij", "xoxb-1234567890-abcdef",
		"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "-----BEGIN PRIVATE KEY-----", "-----BEGIN RSA PRIVATE KEY-----",
		"get('https://user:pw@example.org/')", "cookies = { sid: '1' }", "{ Cookie: 'sid=1' }", "sk_live_abcdefghijklmnopqr", "sk-proj-abcdefghijklmnopqr", "auth=('a','b')",
	}
	dir := t.TempDir()
	h := open(t, dir)
	for _, text := range secrets {
		if !HoldsSecret(text) {
			t.Errorf("not seen as a secret: %q", text)
		}
		h.Add(text)
	}
	plain := []string{
		"await client.get('https://example.org/a?b=c')", "r.json()", "const author = 'me'", "authors.length", "x = a ? b : c", "'user@example.org'",
		"client.get('http://localhost:8080/x@y')", "for (const x of y) { f(x) }", "skipped.map(f)", "import('./basic.js')",
	}
	for _, text := range plain {
		if HoldsSecret(text) {
			t.Errorf("seen as a secret: %q", text)
		}
	}
	h.Add("the end")
	data, err := os.ReadFile(filepath.Join(dir, "history.jsonl"))
	if err != nil || string(data) != "{\"input\":\"the end\"}\n" {
		t.Fatalf("%q, %v", data, err)
	}
	extra := OpenHistory(HistoryOptions{Dir: dir, Secret: func(s string) bool { return strings.Contains(s, "hunter2") }})
	extra.Add("x = 'hunter2'")
	if again, _ := os.ReadFile(filepath.Join(dir, "history.jsonl")); string(again) != string(data) {
		t.Fatalf("%q", again)
	}
}

func TestHistoryOfSeveralSessions(t *testing.T) {
	dir := t.TempDir()
	const sessions, each = 8, 250
	var all sync.WaitGroup
	for s := range sessions {
		all.Go(func() {
			h := open(t, dir)
			for i := range each {
				h.Add(fmt.Sprintf("cell %d\nof %d", i, s))
				if i%100 == 99 {
					if err := h.compact(); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	all.Wait()
	got := open(t, dir).Entries()
	if len(got) != sessions*each {
		t.Fatalf("%d entries of %d", len(got), sessions*each)
	}
	slices.Sort(got)
	if n := len(slices.Compact(got)); n != sessions*each {
		t.Fatalf("%d different entries", n)
	}
}

func TestHistoryIsBounded(t *testing.T) {
	dir := t.TempDir()
	var b strings.Builder
	for i := range 2*maxEntries + 10 {
		fmt.Fprintf(&b, "{\"input\":\"cell %d\"}\n", i)
	}
	path := filepath.Join(dir, "history.jsonl")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	h := open(t, dir)
	if got := h.Entries(); len(got) != maxEntries || got[maxEntries-1] != fmt.Sprintf("cell %d", 2*maxEntries+9) {
		t.Fatalf("%d entries, the last is %q", len(got), got[len(got)-1])
	}
	data, err := os.ReadFile(path)
	if n := strings.Count(string(data), "\n"); err != nil || n != maxEntries {
		t.Fatalf("%d lines after compaction, %v", n, err)
	}
	h.Add("one more")
	if got := h.Entries(); len(got) != maxEntries || got[maxEntries-1] != "one more" {
		t.Fatalf("%d entries in memory", len(got))
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.tmp")); len(left) > 0 {
		t.Fatalf("left behind: %v", left)
	}
}

func TestDamagedHistory(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "history.jsonl")
	damaged := "{\"input\":\"one\"}\nnot json\n\x00\xff\n{\"input\":3}\n{}\n{\"input\":\"two\"}\n{\"input\":\"torn"
	if err := os.WriteFile(path, []byte(damaged), 0o600); err != nil {
		t.Fatal(err)
	}
	h := open(t, dir)
	if got := h.Entries(); !slices.Equal(got, []string{"one", "two"}) {
		t.Fatalf("got %q", got)
	}
	h.Add("three")
	if got := open(t, dir).Entries(); !slices.Equal(got, []string{"one", "two", "three"}) {
		t.Fatalf("after a torn line: %q", got)
	}
}

func TestUnusableHistoryWarnsOnce(t *testing.T) {
	base := t.TempDir()
	file := filepath.Join(base, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	isDir := filepath.Join(base, "dir")
	if err := os.MkdirAll(filepath.Join(isDir, "history.jsonl"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "below"), isDir} {
		var warnings []error
		h := OpenHistory(HistoryOptions{Dir: dir, Warn: func(err error) { warnings = append(warnings, err) }})
		h.Add("one")
		h.Add("two")
		if got := h.Entries(); !slices.Equal(got, []string{"one", "two"}) {
			t.Errorf("%s: got %q", dir, got)
		}
		if len(warnings) != 1 {
			t.Errorf("%s: warned %v", dir, warnings)
		}
	}
	// A directory that vanishes later.
	dir := filepath.Join(base, "gone")
	warned := errors.New("")
	h := OpenHistory(HistoryOptions{Dir: dir, Warn: func(err error) { warned = errors.Join(warned, err) }})
	h.Add("one")
	os.RemoveAll(dir)
	h.Add("two")
	if !strings.Contains(warned.Error(), "memory only") || len(h.Entries()) != 2 {
		t.Fatalf("warned %v", warned)
	}
}

func FuzzReadHistory(f *testing.F) {
	f.Add([]byte("{\"input\":\"a\"}\n{\"input\":\"b\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "history.jsonl")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		entries, _, err := readHistory(path)
		if err != nil || slices.Contains(entries, "") {
			t.Fatalf("%q, %v", entries, err)
		}
	})
}

func BenchmarkHistoryLoad(b *testing.B) {
	dir := b.TempDir()
	var s strings.Builder
	for i := range maxEntries {
		fmt.Fprintf(&s, "{\"input\":\"await client.get('https://example.org/%d')\"}\n", i)
	}
	if err := os.WriteFile(filepath.Join(dir, "history.jsonl"), []byte(s.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if n := len(OpenHistory(HistoryOptions{Dir: dir}).Entries()); n != maxEntries {
			b.Fatal(n)
		}
	}
}

func BenchmarkHistoryAdd(b *testing.B) {
	h := OpenHistory(HistoryOptions{Dir: b.TempDir()})
	for i := 0; b.Loop(); i++ {
		h.Add(fmt.Sprintf("cell %d", i))
	}
}
