package transcripts

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"httpx-repl/engine/event"
)

// Limits of a recording when the options give none, in bytes. A body beyond them is marked truncated; the person
// who runs the session still gets all of it.
const (
	DefaultMaxBody    = 10 << 20
	DefaultMaxSession = 100 << 20
)

const (
	flushAt   = 64 << 10 // bytes buffered before a record is written without being asked
	blobAbove = 64 << 10 // bytes of a chunk that goes into a file of its own
)

// ErrLocked means that another living process writes the journal.
var ErrLocked = errors.New("the journal is being written by another session")

// ErrJournalExists means that the file already holds a session.
var ErrJournalExists = errors.New("the journal already holds a session: recover it or choose another name")

// JournalOptions says how a journal is written.
type JournalOptions struct {
	Redactor *Redactor // hides secrets; nil writes events as they are

	// Sync makes the file survive a power cut up to the last settled cell: it is fsynced at every Done and at Close.
	// A kill needs no fsync.
	Sync bool

	// OnError is told once when the journal turns itself off: the disk is full, read-only or gone. The session goes on.
	OnError func(error)

	MaxBody    int64 // bytes stored of one body, 0 for DefaultMaxBody
	MaxSession int64 // bytes stored of all bodies, 0 for DefaultMaxSession
}

// Journal is the always-on recording of a session: an event.Sink that appends to name.hxlog.
//
// What a kill can lose: records are encoded into a buffer, which is written with a single write when an Open, Cell, Out,
// Done, Input or Close event arrives, when 64 KiB are buffered, and when Flush is called. The event loop calls Flush
// before it waits and at the latest 5 ms after the oldest record. So what the screen has shown is in the file, and what can
// be lost is the exchange and timer events of the last 5 ms, plus, while a chunk ends in what may be the beginning of a secret,
// those few bytes. A record that is cut short is recognised by its checksum and dropped.
//
// A write that fails is undone by truncating the file to its last whole record; then the journal is off for good.
type Journal struct {
	o    JournalOptions
	file journalFile
	dir  string // of blobs, made when needed

	buf    []byte
	number int64
	size   int64 // bytes of whole records in the file
	off    bool
	err    error

	stored int64                 // body bytes of the session
	bodies map[bodyKey]*bodyFlow // of exchanges under way
}

// journalFile is what a journal needs of an *os.File.
type journalFile interface {
	io.WriteCloser
	Sync() error
	Truncate(size int64) error
}

type bodyKey struct {
	exchange string
	kind     event.Kind // Sent or Data
}

type bodyFlow struct {
	stored int64
	full   bool
	text   *bodyRedactor // nil without a redactor
}

// OpenJournal creates the journal, mode 0600, its folder included, mode 0700, and locks it. Blobs go to path + ".d".
// Errors are ErrLocked, ErrJournalExists and those of the file system.
func OpenJournal(path string, o JournalOptions) (*Journal, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("cannot make the journal's folder: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot open the journal: %w", err)
	}
	if err := lockFile(f); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file", path)
	}
	if err == nil && info.Size() > 0 {
		err = fmt.Errorf("%s: %w", path, ErrJournalExists)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return newJournal(f, path+".d", o), nil
}

func newJournal(f journalFile, blobs string, o JournalOptions) *Journal {
	if o.MaxBody == 0 {
		o.MaxBody = DefaultMaxBody
	}
	if o.MaxSession == 0 {
		o.MaxSession = DefaultMaxSession
	}
	return &Journal{o: o, file: f, dir: blobs, bodies: map[bodyKey]*bodyFlow{}, buf: make([]byte, 0, 2*flushAt)}
}

// Err returns the error that turned the journal off, or nil.
func (j *Journal) Err() error { return j.err }

// Record appends one event. It never fails: see JournalOptions.OnError.
func (j *Journal) Record(e event.Event) {
	if j.off {
		return
	}
	switch e.Kind {
	case event.Data, event.Sent:
		j.body(e)
	case event.End, event.Err, event.Abort:
		j.finish(bodyKey{e.Exchange, event.Data}, e)
		j.finish(bodyKey{e.Exchange, event.Sent}, e)
		j.plain(e)
	case event.Close:
		j.releaseAll() // a close record is the last one
		j.plain(e)
	default:
		j.plain(e)
	}
	switch e.Kind {
	case event.Open, event.Cell, event.Out, event.Done, event.Input, event.Close:
		j.Flush()
	default:
		if len(j.buf) >= flushAt {
			j.Flush()
		}
	}
	if j.o.Sync && e.Kind == event.Done && !j.off {
		if err := j.file.Sync(); err != nil {
			j.fail(err)
		}
	}
}

// plain writes an event that is no part of a flowing body.
func (j *Journal) plain(e event.Event) {
	if j.o.Redactor != nil {
		e = j.o.Redactor.Event(e)
	}
	var body bodyField
	if e.Kind == event.Req {
		if int64(len(e.Data)) > j.o.MaxBody || j.stored+int64(len(e.Data)) > j.o.MaxSession {
			e.Size, e.Data = int64(len(e.Data)), nil
		}
		j.stored += int64(len(e.Data))
		body.data = e.Data
	}
	j.write(&e, body)
}

// body writes one chunk, as far as the limits allow and without what may be the beginning of a secret.
func (j *Journal) body(e event.Event) {
	key := bodyKey{e.Exchange, e.Kind}
	flow := j.bodies[key]
	if flow == nil {
		flow = &bodyFlow{}
		if j.o.Redactor != nil {
			flow.text = j.o.Redactor.body()
		}
		j.bodies[key] = flow
	}
	size := int64(len(e.Data))
	if !flow.full && (flow.stored+size > j.o.MaxBody || j.stored+size > j.o.MaxSession) {
		j.release(flow, e)
		flow.full = true
	}
	chunk := e.Data
	e.Data, e.Size = nil, 0
	if flow.full {
		e.Size = size
		j.write(&e, bodyField{})
		return
	}
	flow.stored += size
	j.stored += size
	if flow.text == nil {
		j.write(&e, bodyField{data: chunk})
		return
	}
	earlier, now, hold := flow.text.feed(chunk)
	for _, rest := range earlier {
		j.held(e, rest)
	}
	j.write(&e, bodyField{data: now, hold: hold})
}

// finish writes what was held back of a body that has come to its end.
func (j *Journal) finish(key bodyKey, at event.Event) {
	if flow := j.bodies[key]; flow != nil {
		at.Exchange, at.Kind = key.exchange, key.kind
		j.release(flow, at)
		delete(j.bodies, key)
	}
}

func (j *Journal) release(flow *bodyFlow, at event.Event) {
	if flow.text == nil {
		return
	}
	for _, rest := range flow.text.flush() {
		j.held(at, rest)
	}
}

// releaseAll writes what is held back of bodies that are still under way.
func (j *Journal) releaseAll() {
	keys := slices.SortedFunc(maps.Keys(j.bodies), func(a, b bodyKey) int {
		return strings.Compare(a.exchange+string(a.kind), b.exchange+string(b.kind))
	})
	for _, key := range keys {
		j.finish(key, event.Event{})
	}
}

func (j *Journal) held(at event.Event, rest []byte) {
	j.write(&event.Event{Kind: heldKind, At: at.At, Cell: at.Cell, Exchange: at.Exchange, By: string(at.Kind)}, bodyField{data: rest})
}

func (j *Journal) write(e *event.Event, body bodyField) {
	if len(body.data) > blobAbove {
		name, err := writeBlob(j.dir, body.data)
		if err != nil {
			j.fail(err)
			return
		}
		body.blob, body.data = name, nil
	}
	if j.off {
		return
	}
	j.buf = appendRecord(j.buf, j.number, e, body)
	j.number++
}

// Flush writes the buffered records with one write.
func (j *Journal) Flush() {
	if j.off || len(j.buf) == 0 {
		return
	}
	n, err := j.file.Write(j.buf)
	if err == nil && n < len(j.buf) {
		err = io.ErrShortWrite
	}
	if err != nil {
		j.fail(err)
		return
	}
	j.size += int64(n)
	j.buf = j.buf[:0]
	if cap(j.buf) > 16*flushAt {
		j.buf = make([]byte, 0, 2*flushAt)
	}
}

// fail turns the journal off and leaves whole records behind, if the disk still lets it.
func (j *Journal) fail(err error) {
	if j.off {
		return
	}
	j.off = true
	j.buf = nil
	j.bodies = nil
	j.err = fmt.Errorf("the session is no longer recorded: %w", err)
	_ = j.file.Truncate(j.size) // a torn record that stays is dropped when the journal is read
	if j.o.OnError != nil {
		j.o.OnError(j.err)
	}
}

// Close writes what is buffered and closes and unlocks the file. It does not record a Close event: the session does,
// when it ended in good order. It returns the error that turned the journal off, if any.
func (j *Journal) Close() error {
	if j.file == nil {
		return j.err
	}
	j.releaseAll()
	j.Flush()
	if j.o.Sync && !j.off {
		if err := j.file.Sync(); err != nil {
			j.fail(err)
		}
	}
	if err := j.file.Close(); err != nil && j.err == nil {
		j.err = err
	}
	j.file, j.off = nil, true
	return j.err
}
