package transcripts

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"httpx-repl/engine/event"
)

// bodyCursor hands a body out in the chunks that the order names.
type bodyCursor struct {
	f         *fence
	kind      event.Kind // Data or Sent
	data      []byte
	at        int
	whole     bool // it was given out as one, or in part by intent (truncated)
	truncated bool
	last      *event.Event
}

// body reads the body of a message fence with its attributes.
func (p *parser) body(f *fence, attrs map[string]string, text string, has bool) ([]byte, error) {
	if name, ok := attrs["blob"]; ok {
		if has && text != "" {
			return nil, f.errorf("%s has a blob and a body: remove one", f.id)
		}
		data, err := readBlob(p.blobs, name)
		if err != nil {
			return nil, f.errorf("%v", err)
		}
		return data, nil
	}
	data, err := readBody(text, attrs["form"], attrs["body"])
	if err != nil {
		return nil, f.errorf("%v", err)
	}
	if want := attrs["sum"]; want != "" && want != bodySum(data) {
		p.note(f.line, f.id, "the body was edited since it was recorded")
	}
	if len(data) == 0 {
		return nil, nil
	}
	return data, nil
}

// order reads an order fence into its cell.
func (p *parser) order(c *Cell, f *fence) error {
	attrs, err := f.take("start failed interrupted")
	if err != nil {
		return err
	}
	c.Recorded = true
	if start, ok := attrs["start"]; ok {
		if c.Start, err = parseMillis(start); err != nil {
			return f.errorf("start=%s is not a time in milliseconds", start)
		}
	}
	_, failed := attrs["failed"]
	_, interrupted := attrs["interrupted"]
	c.Order = make([]event.Event, 0, len(f.text)+1) // events are pointed to: they must not move
	for i, line := range f.text {
		if strings.TrimSpace(line) == "" {
			continue
		}
		e, err := p.orderLine(c, line)
		if at, ok := err.(*ParseError); ok {
			return at // in the fence that the line names
		}
		if err != nil {
			return &ParseError{f.line + 1 + i, err.Error()}
		}
		if e.Kind == event.Done {
			if c.done() != nil || interrupted {
				return &ParseError{f.line + 1 + i, "the cell is done twice, or interrupted and done"}
			}
			e.Failed = failed
		}
		c.Order = append(c.Order, e)
		if e.Kind == event.Data || e.Kind == event.Sent {
			p.cursor(e).last = &c.Order[len(c.Order)-1]
		}
	}
	if c.done() == nil && !interrupted {
		done := inOrder(c, event.Event{Kind: event.Done, Failed: failed})
		c.Order = append(c.Order, done)
	}
	if len(c.Order) == 0 {
		c.Order = nil
	}
	return nil
}

func parseMillis(text string) (time.Duration, error) {
	whole, part, _ := strings.Cut(text, ".")
	ms, err := strconv.ParseUint(whole, 10, 40)
	if err != nil {
		return 0, err
	}
	us := uint64(0)
	if part != "" {
		if us, err = strconv.ParseUint((part + "000")[:3], 10, 16); err != nil {
			return 0, err
		}
		if strings.Trim(part, "0123456789") != "" {
			return 0, strconv.ErrSyntax
		}
	}
	return time.Duration(ms)*time.Millisecond + time.Duration(us)*time.Microsecond, nil
}

// orderLine reads "61.537 head c1.2": a time, unless the document keeps none, an event and what it is about.
func (p *parser) orderLine(c *Cell, line string) (event.Event, error) {
	rest := strings.TrimSpace(line)
	first, after, _ := strings.Cut(rest, " ")
	at, timeErr := parseMillis(first)
	if timeErr == nil {
		rest = strings.TrimSpace(after)
	}
	kind, about, _ := strings.Cut(rest, " ")
	about = strings.TrimSpace(about)
	e := event.Event{Kind: event.Kind(kind), At: c.Start + at}
	if err := p.about(&e, about); err != nil {
		return e, err
	}
	if timeErr != nil {
		e.At = c.Start
		if n := len(c.Order); n > 0 {
			e.At = c.Order[n-1].At
		}
		if e.Kind.Delivered() {
			e.At += time.Millisecond
		}
	}
	return inOrder(c, e), nil
}

func (p *parser) about(e *event.Event, about string) error {
	switch e.Kind {
	case event.Timer, event.Tick:
		n, err := strconv.ParseInt(about, 10, 32)
		if err != nil {
			return fmt.Errorf("%s needs a number, not %q", e.Kind, about)
		}
		if e.Kind == event.Timer {
			e.Timer = int(n)
		} else {
			e.Size = n
		}
		return nil
	case event.Input:
		text, err := strconv.Unquote(about)
		e.Text = text
		return orSay(err, `input needs its text in double quotes`)
	case event.Env:
		name, err := strconv.QuotedPrefix(about)
		if err != nil {
			return orSay(err, `env needs a name and a value, both in double quotes`)
		}
		value, err := strconv.Unquote(strings.TrimSpace(about[len(name):]))
		if err != nil {
			return orSay(err, `env needs a name and a value, both in double quotes`)
		}
		e.Name, _ = strconv.Unquote(name)
		e.Text = value
		return nil
	case event.Done:
		if about != "" {
			return fmt.Errorf("done stands alone, without %q", about)
		}
		return nil
	case event.Req, event.Sent, event.Head, event.Data, event.Trail, event.End, event.Err, event.Abort, event.Raw:
		return p.aboutExchange(e, about)
	}
	return fmt.Errorf("%q is not an event: req, sent, head, data, trail, end, err, abort, raw, timer, tick, input, env and done are", e.Kind)
}

func orSay(err error, text string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s", text)
}

func (p *parser) aboutExchange(e *event.Event, about string) error {
	id, detail, _ := strings.Cut(about, " ")
	detail = strings.TrimSpace(detail)
	x := p.shown[id]
	if x == nil || x.req == nil {
		return fmt.Errorf("%s names the exchange %q, which has no hx-req fence", e.Kind, id)
	}
	e.Exchange = id
	if e.Kind != event.Req && !x.used[event.Req] {
		return fmt.Errorf("%s %s stands before req %s", e.Kind, id, id)
	}
	switch e.Kind {
	case event.Req, event.Head, event.Trail, event.Err:
		if x.used[e.Kind] {
			return fmt.Errorf("%s %s stands twice", e.Kind, id)
		}
		x.used[e.Kind] = true
	}
	switch e.Kind {
	case event.Req:
		return p.request(e, x)
	case event.Head:
		return p.response(e, x)
	case event.Trail:
		return p.trailers(e, x)
	case event.Err:
		return p.failure(e, x)
	case event.Abort:
		by, ok := strings.CutPrefix(detail, "by=")
		if detail != "" && (!ok || by == "") {
			return fmt.Errorf("abort needs by=signal, cancel, close or timeout, not %q", detail)
		}
		e.By = by
	case event.Data, event.Sent:
		return p.chunk(e, x, detail)
	}
	return nil
}

func (p *parser) request(e *event.Event, x *exchangeFences) error {
	f := x.req
	attrs, err := f.take("streaming size truncated sum form body blob escaped")
	if err != nil {
		return err
	}
	words, headers, text, has, err := f.head(attrs, 2)
	if err != nil {
		return err
	}
	if len(words) < 2 || words[0] == "" || words[1] == "" {
		return f.errorf("a request begins with a method and a URL, such as GET https://example.org/")
	}
	e.Method, e.URL, e.Headers = words[0], words[1], headers
	_, e.Streaming = attrs["streaming"]
	body, err := p.body(f, attrs, text, has)
	if err != nil {
		return err
	}
	if !e.Streaming {
		e.Data = body
		e.Size, _, err = f.size(attrs, "size")
		return err
	}
	_, truncated, err := f.size(attrs, "truncated")
	x.reqBody = &bodyCursor{f: f, kind: event.Sent, data: body, truncated: truncated}
	return err
}

// head reads a request's or response's first line, in at most so many words, its headers and its body as it is written.
func (f *fence) head(attrs map[string]string, most int) (words []string, headers [][2]string, text string, has bool, err error) {
	_, escaped := attrs["escaped"]
	first, headers, text, has, err := f.message(escaped)
	if err != nil {
		return nil, nil, "", false, err
	}
	words, err = f.words(first, most, escaped)
	return words, headers, text, has, err
}

func (p *parser) response(e *event.Event, x *exchangeFences) error {
	f := x.res
	if f == nil {
		return fmt.Errorf("head names the exchange %s, which has no hx-res fence", e.Exchange)
	}
	attrs, err := f.take("coding wire truncated sum form body blob escaped")
	if err != nil {
		return err
	}
	words, headers, text, has, err := f.head(attrs, 3)
	if err != nil {
		return err
	}
	if len(words) < 2 {
		return f.errorf("a response begins with a version and a status, such as HTTP/1.1 200 OK")
	}
	status, err := strconv.Atoi(words[1])
	if err != nil || words[0] == "" {
		return f.errorf("%q is not a response's first line, such as HTTP/1.1 200 OK", f.text[0])
	}
	e.Version, e.Status, e.Headers = words[0], status, headers
	if len(words) == 3 {
		e.Reason = words[2]
	}
	if e.Wire, e.Decoded, err = f.size(attrs, "wire"); err != nil {
		return err
	}
	_, truncated, err := f.size(attrs, "truncated")
	if err != nil {
		return err
	}
	body, err := p.body(f, attrs, text, has)
	x.resBody = &bodyCursor{f: f, kind: event.Data, data: body, truncated: truncated}
	return err
}

func (p *parser) trailers(e *event.Event, x *exchangeFences) error {
	f := x.trail
	if f == nil {
		return fmt.Errorf("trail names the exchange %s, which has no hx-trail fence", e.Exchange)
	}
	attrs, err := f.take("escaped")
	if err != nil {
		return err
	}
	_, escaped := attrs["escaped"]
	e.Headers, err = f.headers(f.text, f.line+1, escaped)
	return err
}

func (p *parser) cursor(e event.Event) *bodyCursor {
	x := p.shown[e.Exchange]
	if e.Kind == event.Sent {
		return x.reqBody
	}
	return x.resBody
}

// chunk cuts the next chunk off the body. A body that was edited shorter gives shorter chunks.
func (p *parser) chunk(e *event.Event, x *exchangeFences, detail string) error {
	body := p.cursor(*e)
	if body == nil && e.Kind == event.Data {
		return fmt.Errorf("data %s stands before head %s", e.Exchange, e.Exchange)
	}
	if body == nil {
		return fmt.Errorf("sent %s: the request is not marked streaming", e.Exchange)
	}
	rest := body.data[body.at:]
	size := int64(len(rest))
	if detail != "*" {
		n, err := strconv.ParseInt(detail, 10, 62)
		if err != nil || n < 0 {
			return fmt.Errorf("%s needs a number of bytes, or * for the rest, not %q", e.Kind, detail)
		}
		if body.truncated && (len(rest) == 0 || n > size) {
			e.Size, body.whole = n, true
			return nil
		}
		if n > size {
			p.note(body.f.line, e.Exchange, "the body is shorter than its chunks")
		}
		size = min(n, size)
	}
	e.Data = append([]byte(nil), rest[:size]...)
	body.at += int(size)
	return nil
}
