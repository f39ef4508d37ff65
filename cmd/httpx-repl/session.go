package main

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"httpx-repl/engine"
	"httpx-repl/engine/event"
	"httpx-repl/engine/lab"
	"httpx-repl/jsbind"
	"httpx-repl/repl"
	"httpx-repl/repl/term"
	"httpx-repl/transcripts"
)

// closeGrace is how long the session's disposals may take at its end.
const closeGrace = 2 * time.Second

// session is everything that one run of the program opens. Close closes it.
type session struct {
	p        *process
	s        settings
	out, err *term.Terminal
	runtime  *jsbind.Runtime
	repl     *repl.Session
	redactor *transcripts.Redactor
	journal  *transcripts.Journal  // nil when there is none
	memory   *transcripts.Recorder // records in its place
	path     string                // of the journal
	labLock  sync.Mutex
	lab      *lab.Server // guarded by labLock: handshakes ask for its certificates
	refused  bool        // --allow-net refused a host
}

// opening says what a session is opened for.
type opening struct {
	args        []string // the script's
	dir         string   // that relative imports count from; "" is the working directory
	interactive bool     // a person types at the prompt
	journal     bool     // keep a journal
}

// open makes a session. With journal it keeps one, unless the flags or the disk forbid it; it is then recorded in memory.
func (p *process) open(s settings, o opening) (*session, error) {
	x := &session{p: p, s: s, redactor: transcripts.NewRedactor(transcripts.RedactOptions{})}
	if err := x.openTerminals(o.interactive); err != nil {
		return nil, err
	}
	client, network, err := x.client()
	if err != nil {
		return nil, err
	}
	opened := p.Now()
	seed := p.seed(s)
	if o.journal && !s.noJournal {
		x.openJournal(opened)
	}
	if x.journal == nil && (o.journal || s.record != "") {
		x.memory = transcripts.NewRecorder()
	}
	for _, name := range s.allowEnv {
		if value, ok := p.Env(name); ok && value != "" {
			x.redactor.AddSecret(name, value)
		}
	}
	x.note(event.Event{Kind: event.Open, Meta: event.Meta{
		Version: transcripts.FormatVersion, Tool: "httpx-repl " + version, Recorded: opened.UTC().Truncate(time.Millisecond), Zone: "UTC",
		Seed: hex.EncodeToString(seed[:]), BaseURL: client.BaseURL,
	}})
	x.runtime, err = jsbind.New(jsbind.Options{
		Version: version, Opened: opened.UTC().Truncate(time.Millisecond), Elapsed: func() time.Duration { return p.Now().Sub(opened) },
		Seed: seed, Sink: x.sink(), Idle: x.flush,
		Transport: x.transport, Lab: x.startLab, Client: client, Network: network,
		Output: func(o jsbind.Output) { x.repl.Output(o) },
		Env:    x.env, Args: o.args, Width: x.out.Width, MaxHeap: s.maxHeap,
		ReadFile: x.readFile, ModuleDir: p.absolute(o.dir),
	})
	if err != nil {
		return nil, err
	}
	go jsbind.Warm()
	x.repl = repl.NewSession(repl.Options{
		Runtime: x.runtime, Out: x.out, Err: x.err, Redactor: x.redactor, Record: x.recorded,
		History: x.history(o.interactive), Version: version,
	})
	return x, nil
}

func (x *session) openTerminals(interactive bool) error {
	p := x.p
	color, err := term.ChooseColor(x.s.color, p.StdoutTerminal, p.Env)
	if err != nil {
		return usageError("%v", err)
	}
	t, _ := p.Env("TERM")
	x.out = term.New(term.Options{In: p.Stdin, Out: p.Stdout, Color: color, Light: term.LightBackground(p.Env), Interactive: p.StdoutTerminal, Dumb: t == "dumb"})
	if interactive {
		x.err = x.out
		return nil
	}
	errColor, err := term.ChooseColor(x.s.color, p.StderrTerminal, p.Env)
	if err != nil {
		return usageError("%v", err)
	}
	x.err = term.New(term.Options{In: strings.NewReader(""), Out: p.Stderr, Color: errColor, Light: term.LightBackground(p.Env), Interactive: p.StderrTerminal, Dumb: t == "dumb"})
	return nil
}

func (p *process) seed(s settings) [32]byte {
	var seed [32]byte
	if s.seed != "" {
		return sha256.Sum256([]byte(s.seed))
	}
	p.Random(seed[:])
	return seed
}

// openJournal opens the session's journal. Without one the session goes on, and says so.
func (x *session) openJournal(opened time.Time) {
	dir := x.p.journalDir()
	if dir == "" {
		return
	}
	x.path = filepath.Join(dir, fmt.Sprintf("%s-%d.hxlog", opened.UTC().Format("20060102-150405.000"), os.Getpid()))
	journal, err := transcripts.OpenJournal(x.path, transcripts.JournalOptions{Redactor: x.redactor, Sync: true, OnError: func(err error) {
		x.warn("the journal was turned off, the session goes on: %v", err)
	}})
	if err != nil {
		x.warn("there is no journal of this session: %v", err)
		return
	}
	x.journal = journal
	go transcripts.Prune(filepath.Dir(x.path), keptJournals)
}

// keptJournals is how many journals are kept, this session's included.
const keptJournals = 50

func (x *session) warn(format string, args ...any) {
	x.err.PrintText("httpx-repl: " + fmt.Sprintf(format, args...) + "\n")
}

// sink records the session; nil when nobody could ask for the record.
func (x *session) sink() event.Sink {
	switch {
	case x.journal != nil:
		return x.journal
	case x.memory != nil:
		return x.memory
	}
	return nil
}

// note records an event of the session's own.
func (x *session) note(e event.Event) {
	if sink := x.sink(); sink != nil {
		sink.Record(e)
	}
}

func (x *session) flush() {
	if x.journal != nil {
		x.journal.Flush()
	}
}

// recorded is the session as recorded so far.
func (x *session) recorded() (*transcripts.Session, error) {
	if x.journal == nil {
		return x.memory.Session(), nil
	}
	x.runtime.Sync(x.flush)
	if err := x.journal.Err(); err != nil {
		return nil, fmt.Errorf("the journal was turned off: %w", err)
	}
	s, _, err := transcripts.OpenSession(x.path)
	return s, err
}

func (x *session) history(interactive bool) *term.History {
	if !interactive {
		return nil
	}
	return term.OpenHistory(term.HistoryOptions{Dir: x.p.stateDir(), Warn: func(err error) { x.warn("the history is not kept: %v", err) }})
}

func (x *session) env(name string) (string, bool) {
	for _, allowed := range x.s.allowEnv {
		if allowed == name {
			return x.p.Env(name)
		}
	}
	return "", false
}

// client is how the flags configure the session's client and its transport.
func (x *session) client() (engine.ClientOptions, engine.TransportOptions, error) {
	client := engine.ClientOptions{BaseURL: x.s.baseURL, Headers: engine.NewHeaders(x.s.headers)}
	network := engine.TransportOptions{HTTP2: x.s.http2, NoVerify: x.s.noVerify, ExtraRoots: x.labRoots}
	if x.s.hasLimit {
		t := engine.NewTimeout(x.s.timeout)
		client.Timeout = &t
	}
	if x.s.proxy != "" {
		proxy, err := engine.NewProxy(x.s.proxy, nil)
		if err != nil {
			return client, network, usageError("--proxy: %v", err)
		}
		network.Proxy = proxy
	}
	if _, err := engine.ParseURL(x.s.baseURL); err != nil {
		return client, network, usageError("--base-url: %v", err)
	}
	if err := client.Headers.Validate(); err != nil {
		return client, network, usageError("--header: %v", err)
	}
	if x.s.lab {
		server, err := x.startLab()
		if err != nil {
			return client, network, err
		}
		client.BaseURL = server.URL()
	}
	return client, network, nil
}

// startLab starts the lab server once.
func (x *session) startLab() (jsbind.Lab, error) {
	x.labLock.Lock()
	defer x.labLock.Unlock()
	if x.lab == nil {
		server, err := lab.Start(lab.Options{})
		if err != nil {
			return nil, err
		}
		x.lab = server
	}
	return x.lab, nil
}

// labRoots are the lab's own certificates, once it runs.
func (x *session) labRoots() *x509.CertPool {
	x.labLock.Lock()
	defer x.labLock.Unlock()
	if x.lab == nil {
		return nil
	}
	return x.lab.CAPool()
}

// transport makes network transports that keep to --allow-net.
func (x *session) transport(o engine.TransportOptions) (engine.Transport, error) {
	t, err := engine.NewHTTPTransport(o)
	if err != nil || len(x.s.allowNet) == 0 {
		return t, err
	}
	return &gate{t, x}, nil
}

// gate refuses hosts that --allow-net does not name.
type gate struct {
	engine.Transport
	x *session
}

// RoundTrip implements engine.Transport.
func (g *gate) RoundTrip(ctx context.Context, req *engine.Request) (*engine.Response, error) {
	if err := g.x.s.mayReach(req.URL.String()); err != nil {
		g.x.refused = true
		return nil, engine.NewError(engine.ConnectError, req, "%v", err)
	}
	return g.Transport.RoundTrip(ctx, req)
}

// close ends the session: what it keeps is disposed of, its record saved where --record says, its journal closed.
func (x *session) close() error {
	x.runtime.Close(closeGrace)
	if x.lab != nil {
		x.lab.Close()
	}
	x.note(event.Event{Kind: event.Close})
	var errs []error
	if x.s.record != "" {
		errs = append(errs, x.saveRecord())
	}
	if x.journal != nil {
		x.journal.Close()
	}
	if err := x.out.Err(); err != nil {
		errs = append(errs, fileError("the output could not be written: %v", reason(err)))
	}
	return errors.Join(errs...)
}

func (x *session) saveRecord() error {
	note, err := x.repl.Save(x.s.record)
	var unverified *transcripts.UnverifiedError
	if errors.As(err, &unverified) {
		return &exitError{exitFailed, x.s.record + ": " + err.Error()} // the file is written, and says what was recorded
	}
	if err != nil {
		return fileError("the session could not be saved: %v", err)
	}
	x.warn("%s", note)
	return nil
}
