package transcripts

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"httpx-repl/engine/event"
)

// Bounds of a journal that is read, in bytes.
const (
	maxRecord  = 16 << 20
	maxJournal = 1 << 30
)

// Recovered tells how a journal ended.
type Recovered struct {
	Closed      bool          // the session ended in good order
	Records     int           // whole records read
	Dropped     int           // bytes of a torn last line
	Interrupted []string      // cells that had not settled
	Last        event.Kind    // of the last event
	LastAt      time.Duration // of the last event, since the session opened
	Notes       []string      // events that did not fit the order and were left out
}

// A JournalError is a damaged journal; Line counts from 1.
type JournalError struct {
	Line int
	Err  error
}

func (e *JournalError) Error() string { return fmt.Sprintf("journal, line %d: %v", e.Line, e.Err) }
func (e *JournalError) Unwrap() error { return e.Err }

// ErrNewerFormat means that a newer version of the tool wrote the file.
var ErrNewerFormat = errors.New("written by a newer version")

// ReadJournal reads a journal. Blobs is the folder of its blobs, path + ".d", or nil. A last line that is torn or damaged is
// dropped; damage elsewhere is a *JournalError. Records of unknown kinds are skipped.
func ReadJournal(r io.Reader, blobs fs.FS) (*Session, Recovered, error) {
	j := journalReader{in: bufio.NewReaderSize(io.LimitReader(r, maxJournal), 64<<10), blobs: blobs, rec: NewRecorder(), open: map[bodyKey][]pending{}}
	for {
		if err := j.line(); err == io.EOF {
			break
		} else if err != nil {
			return nil, Recovered{}, &JournalError{j.n, err}
		}
	}
	s := j.rec.Session()
	if j.facts.Records == 0 {
		return nil, Recovered{}, errors.New("the journal holds no whole record")
	}
	j.facts.Notes = j.rec.Notes()
	for _, c := range s.Cells {
		if c.Interrupted() {
			j.facts.Interrupted = append(j.facts.Interrupted, c.Name)
		}
	}
	return s, j.facts, nil
}

type journalReader struct {
	in    *bufio.Reader
	n     int // line
	long  []byte
	blobs fs.FS
	rec   *Recorder
	open  map[bodyKey][]pending // records that a held record will complete
	facts Recovered
}

type pending struct {
	cell  *Cell
	index int
}

func (j *journalReader) line() error {
	line, whole, err := j.read()
	if err != nil {
		return err
	}
	j.n++
	var rec record
	if whole {
		rec, err = decodeRecord(line)
	}
	if !whole || err != nil {
		if _, more := j.in.Peek(1); whole && more == nil {
			return err
		}
		j.facts.Dropped = len(line)
		return io.EOF
	}
	return j.take(rec)
}

// read returns the next line without its newline, and whether it had one.
func (j *journalReader) read() (line []byte, whole bool, err error) {
	line, err = j.in.ReadSlice('\n')
	if err == bufio.ErrBufferFull {
		j.long = append(j.long[:0], line...)
		for err == bufio.ErrBufferFull && len(j.long) <= maxRecord {
			line, err = j.in.ReadSlice('\n')
			j.long = append(j.long, line...)
		}
		if len(j.long) > maxRecord {
			j.n++
			return nil, false, fmt.Errorf("the line is longer than %d bytes", maxRecord)
		}
		line = j.long
	}
	if err != nil && err != io.EOF {
		return nil, false, err
	}
	if len(line) == 0 {
		return nil, false, io.EOF
	}
	if line[len(line)-1] == '\n' {
		return line[:len(line)-1], true, nil
	}
	return line, false, nil
}

func (j *journalReader) take(rec record) error {
	if rec.number != int64(j.facts.Records) {
		return fmt.Errorf("record %d stands where record %d should: lines are missing or doubled", rec.number, j.facts.Records)
	}
	e := rec.event
	if rec.number == 0 && e.Kind != event.Open {
		return errors.New("the first record is not \"open\": this is not a journal, or its beginning is missing")
	}
	if e.Kind == event.Open && rec.version > FormatVersion {
		return fmt.Errorf("format version %d, this tool reads up to %d: %w", rec.version, FormatVersion, ErrNewerFormat)
	}
	if rec.blob != "" {
		data, err := readBlob(j.blobs, rec.blob)
		if err != nil {
			return err
		}
		e.Data = data
	}
	j.facts.Records++
	j.facts.Last, j.facts.LastAt = e.Kind, e.At
	j.facts.Closed = e.Kind == event.Close
	switch e.Kind {
	case heldKind:
		return j.complete(e)
	case event.Open, event.Cell, event.Out, event.Done, event.Env, event.Input, event.Close, event.Req, event.Sent, event.Head,
		event.Data, event.Trail, event.End, event.Err, event.Abort, event.Raw, event.Timer, event.Tick:
	default:
		return nil
	}
	before := j.rec.cur
	had := 0
	if before != nil {
		had = len(before.Order)
	}
	j.rec.add(e)
	if rec.hold && j.rec.cur == before && before != nil && len(before.Order) > had {
		key := bodyKey{e.Exchange, e.Kind}
		j.open[key] = append(j.open[key], pending{before, had})
	}
	return nil
}

// complete adds the bytes that were held back to the chunk that they belong to.
func (j *journalReader) complete(e event.Event) error {
	key := bodyKey{e.Exchange, event.Kind(e.By)}
	queue := j.open[key]
	if len(queue) == 0 {
		j.rec.note(e, "that completes nothing")
		return nil
	}
	j.open[key] = queue[1:]
	chunk := &queue[0].cell.Order[queue[0].index]
	chunk.Data = append(chunk.Data, e.Data...)
	if chunk.Kind == event.Sent {
		chunk.Size = int64(len(chunk.Data))
	}
	return nil
}

// OpenSession reads the journal at path with its blobs.
func OpenSession(path string) (*Session, Recovered, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, Recovered{}, err
	}
	defer f.Close()
	return ReadJournal(f, blobFolder(path+".d"))
}

// blobFolder confines the reading of blobs to one folder: neither names nor symbolic links lead out of it.
func blobFolder(dir string) fs.FS {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil
	}
	return root.FS()
}

// Unclosed is a journal that a session left behind without closing it.
type Unclosed struct {
	Path     string
	Modified time.Time
	Size     int64 // bytes
}

// FindUnclosed lists the journals in dir that have no close record and that no living process is writing, the newest first.
func FindUnclosed(dir string) ([]Unclosed, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var found []Unclosed
	for _, entry := range entries {
		if !entry.Type().IsRegular() || !strings.HasSuffix(entry.Name(), ".hxlog") {
			continue
		}
		path := filepath.Join(dir, entry.Name())
		if u, ok := unclosed(path); ok {
			found = append(found, u)
		}
	}
	sort.SliceStable(found, func(i, k int) bool { return found[i].Modified.After(found[k].Modified) })
	return found, nil
}

func unclosed(path string) (Unclosed, bool) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return Unclosed{}, false
	}
	defer f.Close()
	if lockFile(f) != nil {
		return Unclosed{}, false
	}
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return Unclosed{}, false
	}
	tail := make([]byte, min(info.Size(), 512))
	if _, err := f.ReadAt(tail, info.Size()-int64(len(tail))); err != nil {
		return Unclosed{}, false
	}
	tail = bytes.TrimSuffix(tail, []byte("\n"))
	last := tail[bytes.LastIndexByte(tail, '\n')+1:]
	if rec, err := decodeRecord(last); err == nil && rec.event.Kind == event.Close {
		return Unclosed{}, false
	}
	return Unclosed{Path: path, Modified: info.ModTime(), Size: info.Size()}, true
}
