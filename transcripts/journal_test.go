package transcripts

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"httpx-repl/engine/event"
)

// faultyFile is a journal's file in memory whose n-th operation fails.
type faultyFile struct {
	bytes.Buffer
	ops, failAt int
	short       bool // the failing write writes half
	readOnly    bool // truncating fails too
}

var errDisk = errors.New("no space left on device")

func (f *faultyFile) Write(p []byte) (int, error) {
	if f.ops++; f.failAt > 0 && f.ops >= f.failAt {
		n := 0
		if f.short {
			n, _ = f.Buffer.Write(p[:len(p)/2])
		}
		return n, errDisk
	}
	return f.Buffer.Write(p)
}

func (f *faultyFile) Sync() error {
	if f.ops++; f.failAt > 0 && f.ops >= f.failAt {
		return errDisk
	}
	return nil
}

func (f *faultyFile) Truncate(n int64) error {
	if f.readOnly {
		return errDisk
	}
	f.Buffer.Truncate(int(n))
	return nil
}

func (f *faultyFile) Close() error { return nil }

func journalOf(t testing.TB, events []event.Event, o JournalOptions) []byte {
	f := &faultyFile{}
	j := newJournal(f, t.TempDir(), o)
	for _, e := range events {
		j.Record(e)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return f.Bytes()
}

func TestJournalGivesBackTheSession(t *testing.T) {
	for seed := range uint64(200) {
		events := randomEvents(rand.New(rand.NewPCG(seed, 3)))
		text := journalOf(t, events, JournalOptions{})
		got, facts, err := ReadJournal(bytes.NewReader(text), nil)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if want := sessionOf(events); !reflect.DeepEqual(want, got) {
			t.Fatalf("seed %d: %s", seed, cmp.Diff(want, got))
		}
		closed := events[len(events)-1].Kind == event.Close
		if facts.Closed != closed || (len(facts.Interrupted) > 0) == closed || facts.Records != len(events) || len(facts.Notes) > 0 {
			t.Fatalf("seed %d: facts %+v of %d events", seed, facts, len(events))
		}
	}
}

// A journal with a redactor that knows secrets holds parts of chunks back; what is read back must be chunk for chunk the
// same when there was nothing to hide.
func TestJournalKeepsChunkBoundaries(t *testing.T) {
	for seed := range uint64(100) {
		events := randomEvents(rand.New(rand.NewPCG(seed, 4)))
		r := NewRedactor(RedactOptions{})
		for _, value := range []string{"aaaaabbbbb", "a\nx-not-there", "é is not there", "word word word nope", "xaxaxaxaxaxaxb", "Ada Lovelace is not it"} {
			r.AddSecret("NAME", value)
		}
		text := journalOf(t, events, JournalOptions{Redactor: r})
		got, _, err := ReadJournal(bytes.NewReader(text), nil)
		if err != nil {
			t.Fatal(err)
		}
		want := sessionOf(events)
		for i, x := range want.Exchanges() {
			y := got.Exchanges()[i]
			if !reflect.DeepEqual(chunkTexts(x.data), chunkTexts(y.data)) || !reflect.DeepEqual(chunkTexts(x.sent), chunkTexts(y.sent)) {
				t.Fatalf("seed %d, %s:\n%s", seed, x.ID, cmp.Diff(chunkTexts(x.data), chunkTexts(y.data)))
			}
		}
	}
}

func chunkTexts(chunks []*event.Event) []string {
	texts := []string{}
	for _, e := range chunks {
		texts = append(texts, string(e.Data))
	}
	return texts
}

// shortJournal returns whole records of a random journal, at most size bytes.
func shortJournal(t *testing.T, size int) []byte {
	text := journalOf(t, randomEvents(rand.New(rand.NewPCG(6, 6))), JournalOptions{})
	text = text[:min(len(text), size)]
	return text[:bytes.LastIndexByte(text, '\n')+1]
}

func TestEveryTruncationIsRead(t *testing.T) {
	text := shortJournal(t, 16<<10)
	lines := 0
	for n := range len(text) + 1 {
		if n > 0 && text[n-1] == '\n' {
			lines++
		}
		_, facts, err := ReadJournal(bytes.NewReader(text[:n]), nil)
		if lines == 0 {
			if err == nil {
				t.Fatalf("%d bytes without a whole record were accepted", n)
			}
			continue
		}
		if err != nil || facts.Records != lines {
			t.Fatalf("cut at byte %d: %d records of %d, %v", n, facts.Records, lines, err)
		}
	}
}

func TestNoFlippedByteIsAccepted(t *testing.T) {
	text := shortJournal(t, 5<<10)
	records := bytes.Count(text, []byte("\n"))
	last := bytes.LastIndexByte(text[:len(text)-1], '\n') + 1
	damaged := make([]byte, len(text))
	for i := range text {
		for _, mask := range []byte{1, 2, 4, 8, 16, 32, 64, 128, 0xff} {
			copy(damaged, text)
			damaged[i] ^= mask
			_, facts, err := ReadJournal(bytes.NewReader(damaged), nil)
			var at *JournalError
			switch {
			case err == nil && facts.Records < records && i >= last-1: // the last line was dropped
			case errors.As(err, &at) && at.Line > 0:
			default:
				t.Fatalf("byte %d (%q) flipped by %#x: %d of %d records, error %v", i, text[i], mask, facts.Records, records, err)
			}
		}
	}
}

func TestMissingAndDoubledLinesAreFound(t *testing.T) {
	text := journalOf(t, demoEvents(t), JournalOptions{})
	lines := bytes.SplitAfter(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
	join := func(parts ...[][]byte) []byte {
		var all []byte
		for _, p := range parts {
			all = append(all, bytes.Join(p, nil)...)
		}
		return append(all, '\n')
	}
	for name, damaged := range map[string][]byte{
		"missing":  join(lines[:4], lines[5:]),
		"doubled":  join(lines[:5], lines[4:]),
		"headless": join(lines[1:]),
	} {
		if _, _, err := ReadJournal(bytes.NewReader(damaged), nil); err == nil || !strings.Contains(err.Error(), "line ") {
			t.Errorf("%s line: error %v", name, err)
		}
	}
}

func TestNewerJournalIsRefused(t *testing.T) {
	text := journalOf(t, []event.Event{{Kind: event.Open}}, JournalOptions{})
	line := bytes.Replace(text, []byte(`"v":1`), []byte(`"v":2`), 1)
	e := line[:len(line)-checksumTail-1]
	line = []byte(fmt.Sprintf("%s,\"k\":\"%08x\"}\n", e, crcOf(e)))
	if _, _, err := ReadJournal(bytes.NewReader(append(line, line...)), nil); !errors.Is(err, ErrNewerFormat) {
		t.Errorf("error %v", err)
	}
}

func TestFailingDisk(t *testing.T) {
	events := append(demoEvents(t), randomEvents(rand.New(rand.NewPCG(7, 7)))...)
	for n := 1; n <= 50; n++ {
		for _, f := range []*faultyFile{{failAt: n}, {failAt: n, short: true}, {failAt: n, short: true, readOnly: true}} {
			told := 0
			j := newJournal(f, t.TempDir(), JournalOptions{Sync: true, OnError: func(err error) {
				if told++; !errors.Is(err, errDisk) {
					t.Errorf("told %v", err)
				}
			}})
			for _, e := range events {
				j.Record(e)
				j.Flush()
			}
			failed := f.ops >= n
			if (told == 1) != failed || told > 1 {
				t.Fatalf("operation %d fails: told %d times", n, told)
			}
			if err := j.Close(); errors.Is(err, errDisk) != failed {
				t.Fatalf("operation %d fails: Close says %v", n, err)
			}
			if f.Len() > 0 && !f.readOnly && f.Bytes()[f.Len()-1] != '\n' {
				t.Fatalf("operation %d fails: a partial record stays", n)
			}
			if _, _, err := ReadJournal(bytes.NewReader(f.Bytes()), nil); err != nil && n > 1 {
				t.Fatalf("operation %d fails: the rest does not read: %v", n, err)
			}
		}
	}
}

func TestTwoWritersAreRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "s.hxlog")
	j, err := OpenJournal(path, JournalOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if _, err := OpenJournal(path, JournalOptions{}); !errors.Is(err, ErrLocked) {
		t.Errorf("second writer: %v", err)
	}
	j.Record(event.Event{Kind: event.Open})
	if found, err := FindUnclosed(filepath.Dir(path)); err != nil || len(found) != 0 {
		t.Errorf("a journal that is being written counts as left behind: %v, %v", found, err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenJournal(path, JournalOptions{}); !errors.Is(err, ErrJournalExists) {
		t.Errorf("writer of a used journal: %v", err)
	}
	found, err := FindUnclosed(filepath.Dir(path))
	if err != nil || len(found) != 1 || found[0].Path != path {
		t.Errorf("unclosed: %v, %v", found, err)
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "t.hxlog"), journalOf(t, demoEvents(t), JournalOptions{}), 0o600); err != nil {
		t.Fatal(err)
	}
	if found, _ := FindUnclosed(filepath.Dir(path)); len(found) != 1 {
		t.Errorf("a closed journal counts as left behind: %v", found)
	}
}

func TestLimitsMarkBodiesTruncated(t *testing.T) {
	events := []event.Event{{Kind: event.Open}, {Kind: event.Cell, Cell: "c1", Source: "x"},
		{Kind: event.Req, Exchange: "c1.1", Method: "GET", URL: "http://h/"}, {Kind: event.Head, Exchange: "c1.1", Status: 200}}
	for range 5 {
		events = append(events, event.Event{Kind: event.Data, Exchange: "c1.1", Data: bytes.Repeat([]byte("x"), 40)})
	}
	events = append(events, event.Event{Kind: event.End, Exchange: "c1.1"}, event.Event{Kind: event.Done, Cell: "c1"})
	s, _, err := ReadJournal(bytes.NewReader(journalOf(t, events, JournalOptions{MaxBody: 100})), nil)
	if err != nil {
		t.Fatal(err)
	}
	if body, whole := s.Exchanges()[0].Body(); len(body) != 80 || whole {
		t.Errorf("%d bytes, whole %v", len(body), whole)
	}
	text, _ := Render(s)
	if !strings.Contains(string(text), "hx-res=c1.1 truncated=80") {
		t.Errorf("the document does not say that the body is truncated:\n%s", text)
	}
	doc, err := Parse(text, nil)
	if err != nil || !reflect.DeepEqual(doc.Session.Cells, s.Document().Cells) {
		t.Errorf("%v\n%s", err, cmp.Diff(s.Document().Cells, doc.Session.Cells))
	}
}

func TestBigChunksGoToBlobs(t *testing.T) {
	big := bytes.Repeat([]byte("0123456789abcdef"), 8<<10)
	dir := t.TempDir()
	path := filepath.Join(dir, "big.hxlog")
	j, err := OpenJournal(path, JournalOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []event.Event{{Kind: event.Open}, {Kind: event.Cell, Cell: "c1"}, {Kind: event.Req, Exchange: "c1.1", Method: "GET", URL: "http://h/"},
		{Kind: event.Head, Exchange: "c1.1", Status: 200}, {Kind: event.Data, Exchange: "c1.1", Data: big}, {Kind: event.Close}} {
		j.Record(e)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(path); info.Size() > 2048 {
		t.Errorf("the journal has %d bytes", info.Size())
	}
	s, _, err := OpenSession(path)
	if err != nil {
		t.Fatal(err)
	}
	if body, _ := s.Exchanges()[0].Body(); !bytes.Equal(body, big) {
		t.Error("the body did not come back")
	}
	if err := os.WriteFile(filepath.Join(path+".d", blobName(big)), big[1:], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := OpenSession(path); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("a damaged blob: %v", err)
	}
	if err := os.RemoveAll(path + ".d"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := OpenSession(path); err == nil || !strings.Contains(err.Error(), "blob") {
		t.Errorf("a missing blob: %v", err)
	}
}

const childEnv = "TRANSCRIPTS_TEST_JOURNAL"

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		writeForever(path)
	}
	os.Exit(m.Run())
}

// writeForever is the child of TestKilledSessions: it records, and tells the parent what it showed.
func writeForever(path string) {
	j, err := OpenJournal(path, JournalOptions{Redactor: NewRedactor(RedactOptions{})})
	if err != nil {
		fmt.Println("failed", err)
		os.Exit(1)
	}
	j.Record(event.Event{Kind: event.Open})
	for n := 1; ; n++ {
		cell := fmt.Sprintf("c%d", n)
		at := time.Duration(n) * time.Millisecond
		j.Record(event.Event{Kind: event.Cell, At: at, Cell: cell, Source: "await client.get(url)"})
		x := cell + ".1"
		j.Record(event.Event{Kind: event.Req, At: at, Cell: cell, Exchange: x, Method: "GET", URL: "http://h/"})
		j.Record(event.Event{Kind: event.Head, At: at, Cell: cell, Exchange: x, Status: 200})
		j.Record(event.Event{Kind: event.Data, At: at, Cell: cell, Exchange: x, Data: bytes.Repeat([]byte("data "), n%500)})
		j.Record(event.Event{Kind: event.End, At: at, Cell: cell, Exchange: x})
		j.Record(event.Event{Kind: event.Out, At: at, Cell: cell, Text: "printed"})
		fmt.Println(cell)
	}
}

func TestKilledSessions(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("kills by signal")
	}
	kills := 100
	if testing.Short() {
		kills = 10
	}
	r := rand.New(rand.NewPCG(8, 8))
	dir := t.TempDir()
	torn := 0
	for k := range kills {
		path := filepath.Join(dir, fmt.Sprintf("k%d.hxlog", k))
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childEnv+"="+path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		last := ""
		for range 1 + r.IntN(60) {
			if !lines.Scan() {
				break
			}
			last = lines.Text()
		}
		if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() { // what was acknowledged before the kill reached it
			if strings.HasPrefix(lines.Text(), "c") {
				last = lines.Text()
			}
		}
		_ = cmd.Wait()
		s, facts, err := OpenSession(path)
		if err != nil {
			t.Fatalf("kill %d: %v", k, err)
		}
		if facts.Dropped > 0 {
			torn++
		}
		c := s.Cell(last)
		if c == nil || c.Output != "printed\n" || len(c.Order) != 4 || !c.Interrupted() {
			t.Fatalf("kill %d: the acknowledged cell %s is not whole: %+v", k, last, c)
		}
	}
	t.Logf("%d kills, %d torn last lines, no acknowledged event lost", kills, torn)
	if found, err := FindUnclosed(dir); err != nil || len(found) != kills {
		t.Errorf("%d journals left behind, %v, want %d", len(found), err, kills)
	}
}

func FuzzReadJournal(f *testing.F) {
	for seed := range uint64(10) {
		f.Add(journalOf(f, randomEvents(rand.New(rand.NewPCG(seed, 9))), JournalOptions{}))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if s, _, err := ReadJournal(bytes.NewReader(text), nil); err == nil {
			Render(s)
		}
		// The checksum keeps mutations out of the record's parser, so it is given lines with right ones as well.
		var sealed []byte
		for _, line := range bytes.Split(text, []byte("\n")) {
			if i := bytes.LastIndex(line, []byte(`,"k":"`)); i > 0 {
				line = line[:i]
			}
			sealed = append(sealed, fmt.Sprintf("%s,\"k\":\"%08x\"}\n", line, crcOf(line))...)
		}
		if s, _, err := ReadJournal(bytes.NewReader(sealed), nil); err == nil {
			text, blobs := Render(s)
			if _, err := Parse(text, blobs.Folder()); err != nil {
				t.Fatalf("the document of a journal does not read back: %v\n%s", err, text)
			}
		}
	})
}

func BenchmarkEncodeEvent(b *testing.B) {
	j := newJournal(discard{}, b.TempDir(), JournalOptions{})
	e := event.Event{Kind: event.Head, At: 182513 * time.Microsecond, Cell: "c1", Exchange: "c1.1", Version: "HTTP/1.1", Status: 200, Reason: "OK",
		Headers: [][2]string{{"Content-Length", "60"}, {"Content-Type", "application/json"}, {"Date", "Sun, 22 Nov 2026 13:12:36 GMT"}}}
	b.ReportAllocs()
	for b.Loop() {
		j.Record(e)
	}
}

// BenchmarkRecordExchange is one small exchange with the redactor at work: five events.
func BenchmarkRecordExchange(b *testing.B) {
	r := NewRedactor(RedactOptions{})
	r.AddSecret("API_TOKEN", "tok_live_8f3a2b99")
	j := newJournal(discard{}, b.TempDir(), JournalOptions{Redactor: r})
	h := [][2]string{{"accept", "*/*"}, {"user-agent", "x"}, {"authorization", "Bearer tok_live_8f3a2b99"}}
	body := []byte(`{"id":1,"name":"Ada Lovelace","langs":["analytical engine"]}`)
	events := []event.Event{
		{Kind: event.Req, Cell: "c1", Exchange: "c1.1", Method: "GET", URL: "http://127.0.0.1:8077/users/1", Headers: h},
		{Kind: event.Head, Cell: "c1", Exchange: "c1.1", Version: "HTTP/1.1", Status: 200, Reason: "OK", Headers: [][2]string{{"Content-Length", "60"}, {"Content-Type", "application/json"}}},
		{Kind: event.Data, Cell: "c1", Exchange: "c1.1", Data: body},
		{Kind: event.End, Cell: "c1", Exchange: "c1.1"},
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, e := range events {
			j.Record(e)
		}
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) Sync() error                 { return nil }
func (discard) Truncate(int64) error        { return nil }
func (discard) Close() error                { return nil }

func BenchmarkReadJournal(b *testing.B) {
	text := journalOf(b, thousandExchanges(), JournalOptions{})
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, _, err := ReadJournal(bytes.NewReader(text), nil); err != nil {
			b.Fatal(err)
		}
	}
}

func crcOf(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }
