package transcripts

import (
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"

	"httpx-repl/engine/event"
)

// DivergenceKind says in what way a replay left its recording.
type DivergenceKind string

const (
	ChangedRequest    DivergenceKind = "changed request"                         // the seat's recorded request is another
	UnexpectedRequest DivergenceKind = "unexpected request"                      // nothing was recorded for it
	AllUsed           DivergenceKind = "all matching exchanges are already used" // equal ones were recorded, fewer of them
	NeverIssued       DivergenceKind = "request never issued"                    // the recording goes on with a request that the script does not make
	Stalled           DivergenceKind = "nothing waits for a recorded event"      // no owner
	StillPending      DivergenceKind = "the cell still waits"                    // for something that was not recorded
)

// Divergence is a replay that cannot go on as recorded. Error is one line, Report one page.
type Divergence struct {
	Kind     DivergenceKind
	File     string
	Cell     string
	Line     int // of the cell's source, from 1, when the one who knows the script has set it
	Column   int
	Exchange string      // the live exchange, or the recorded one that is missing
	Event    event.Event // the request that was issued (redacted), or the recorded event
	Near     []Near      // at most three, the nearest first
	edited   bool
}

// Near is a recorded exchange that is like the issued request.
type Near struct {
	Exchange string
	Method   string
	URL      string
	UsedBy   string // the live exchange, "" when unused
	Equal    int    // parts, of 6
	Diff     []PartDiff
	score    float64
}

// PartDiff is one part of a request that differs.
type PartDiff struct {
	Part  string   // "method", "host", "path", "query", "body", "headers"
	Lines []string // what was issued (+) and what was recorded (-)
}

func (d *Divergence) place() string {
	var b strings.Builder
	if d.File != "" {
		b.WriteString(d.File + ": ")
	}
	b.WriteString("cell " + d.Cell)
	if d.Line > 0 {
		fmt.Fprintf(&b, ", line %d, column %d", d.Line, d.Column)
	}
	return b.String()
}

func (d *Divergence) Error() string {
	what := fmt.Sprintf("%s %s", d.Event.Method, d.Event.URL)
	number := strings.TrimPrefix(d.Exchange, originCell(d.Exchange)+".")
	switch d.Kind {
	case ChangedRequest:
		return fmt.Sprintf("%s: request %s of this cell does not match the recording (%s)", d.place(), number, PlainText(what))
	case UnexpectedRequest:
		return fmt.Sprintf("%s: request %s of this cell was not recorded (%s)", d.place(), number, PlainText(what))
	case AllUsed:
		return fmt.Sprintf("%s: request %s of this cell was recorded, but all its recordings are already used (%s)", d.place(), number, PlainText(what))
	case NeverIssued:
		return fmt.Sprintf("%s: the recorded request %s was never issued (%s)", d.place(), d.Exchange, PlainText(what))
	case Stalled:
		return fmt.Sprintf("%s: the recording goes on with %q, for which nothing waits", d.place(), d.eventText())
	}
	return fmt.Sprintf("%s: the cell still waits, and the recording has nothing more for it", d.place())
}

func (d *Divergence) eventText() string {
	if d.Event.Kind == event.Timer {
		return fmt.Sprintf("timer %d", d.Event.Timer)
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s", d.Event.Kind, d.Event.Exchange))
}

// Report tells on one page what happened, where, which recorded exchange is nearest, what differs and what to do.
func (d *Divergence) Report() string {
	var b strings.Builder
	b.WriteString(d.Error() + "\n")
	switch d.Kind {
	case ChangedRequest, UnexpectedRequest, AllUsed:
		d.reportNear(&b)
	case NeverIssued, Stalled, StillPending:
		b.WriteString("\n  The script took another way than at the recording")
		if d.edited {
			b.WriteString(" (a cell was edited since)")
		}
		b.WriteString(".\n")
	}
	b.WriteString("\n")
	name := d.File
	if name == "" {
		name = "FILE"
	}
	fmt.Fprintf(&b, "  To record the cell anew:  httpx-repl record %s --cell %s\n", name, d.Cell)
	if names := d.addedQuery(); len(names) > 0 {
		fmt.Fprintf(&b, "  To ignore the parameter:  match: {ignore-query: [%s]}\n", strings.Join(names, ", "))
	}
	if d.Kind == AllUsed {
		b.WriteString("  To let a recording answer again:  match: {repeat: last}\n")
	}
	return b.String()
}

func (d *Divergence) reportNear(b *strings.Builder) {
	issued := d.Event.Method + " " + d.Event.URL
	if len(d.Near) == 0 {
		fmt.Fprintf(b, "\n  %s   (issued)\n  The recording holds no exchange at all.\n", PlainText(issued))
		return
	}
	near := d.Near[0]
	recorded := near.Method + " " + near.URL
	width := max(len(PlainText(issued)), len(PlainText(recorded)))
	fmt.Fprintf(b, "\n  %-*s   (issued)\n", width, PlainText(issued))
	fmt.Fprintf(b, "  %-*s   (recorded as %s, %s)   %d of %d parts equal\n\n", width, PlainText(recorded), near.Exchange, near.used(), near.Equal, len(parts))
	differs := map[string]bool{}
	for _, diff := range near.Diff {
		differs[diff.Part] = true
		for i, line := range diff.Lines {
			part := diff.Part
			if i > 0 {
				part = ""
			}
			fmt.Fprintf(b, "  %-8s %s\n", part, PlainText(line))
		}
	}
	var equal []string
	for _, part := range []string{"method", "host", "path", "query", "body", "headers"} {
		if !differs[part] {
			equal = append(equal, part)
		}
	}
	if len(equal) > 0 {
		fmt.Fprintf(b, "  %s  equal\n", strings.Join(equal, ", "))
	}
	for i, other := range d.Near[1:] {
		lead := "\n  Also close: "
		if i > 0 {
			lead = ", "
		}
		fmt.Fprintf(b, "%s%s (%d of %d parts equal, %s)", lead, other.Exchange, other.Equal, len(parts), other.used())
	}
	if len(d.Near) > 1 {
		b.WriteString("\n")
	}
}

func (n Near) used() string {
	if n.UsedBy == "" {
		return "not yet used"
	}
	return "already used by " + n.UsedBy
}

// addedQuery names the query parameters that only the issued request has.
func (d *Divergence) addedQuery() []string {
	if len(d.Near) == 0 {
		return nil
	}
	var names []string
	for _, diff := range d.Near[0].Diff {
		if diff.Part != "query" {
			continue
		}
		for _, line := range diff.Lines {
			if name, ok := strings.CutPrefix(line, "+ "); ok {
				name, _, _ = strings.Cut(name, "=")
				names = append(names, PlainText(name))
			}
		}
	}
	return names
}

// mismatch describes a request that no exchange answers.
func (t *Tape) mismatch(req event.Event, key requestKey, own *seat) *Divergence {
	d := t.divergence(UnexpectedRequest, req)
	for _, id := range t.issue {
		s := t.seats[id]
		n := compare(&key, s, req)
		if originCell(id) == originCell(req.Exchange) {
			n.score += 0.5
		}
		if s == own {
			n.score += 2
		}
		if s.by == "" {
			n.score++
		}
		d.Near = append(d.Near, n)
	}
	sort.SliceStable(d.Near, func(i, k int) bool { return d.Near[i].score > d.Near[k].score })
	d.Near = d.Near[:min(3, len(d.Near))]
	switch {
	case own != nil && own.by == "":
		d.Kind = ChangedRequest
	case slices.ContainsFunc(d.Near, func(n Near) bool { return len(n.Diff) == 0 && n.UsedBy != "" }):
		d.Kind = AllUsed
	}
	return d
}

func (t *Tape) neverIssued(e *event.Event) *Divergence { return t.divergence(NeverIssued, *e) }

func (t *Tape) stalled(e *event.Event) *Divergence { return t.divergence(Stalled, *e) }

// pending is the divergence of a cell that waits although nothing is left, unless it did so when it was recorded.
func (t *Tape) pending(settled bool) error {
	if at, ok := t.cells[t.cell]; settled || ok && at.c.Interrupted() {
		return nil
	}
	return t.divergence(StillPending, event.Event{})
}

func (t *Tape) divergence(kind DivergenceKind, e event.Event) *Divergence {
	return &Divergence{Kind: kind, File: t.o.Name, Cell: t.cell, Exchange: e.Exchange, Event: e, edited: len(t.edited) > 0}
}

func compare(key *requestKey, s *seat, req event.Event) Near {
	n := Near{Exchange: s.x.ID, Method: s.x.Req.Method, URL: s.x.Req.URL, UsedBy: s.by}
	for _, p := range parts {
		if !key.differs(&s.key, p.name) {
			n.Equal++
			n.score += float64(p.weight)
			continue
		}
		diff := PartDiff{Part: p.name}
		switch p.name {
		case "path":
			diff.Lines = []string{"+ " + key.path, "- " + s.key.path}
		case "host":
			diff.Lines = []string{"+ " + key.host, "- " + s.key.host}
		case "method":
			diff.Lines = []string{"+ " + key.method, "- " + s.key.method}
		case "query":
			diff.Lines = pairDiff(key.query, s.key.query, "=")
		case "headers":
			diff.Lines = pairDiff(key.headers, s.key.headers, ": ")
		case "body":
			if key.media == s.key.media {
				n.score += float64(p.weight) / 2
			}
			diff.Lines = bodyDiff(key.media, req.Data, s.x.Req.Data)
		}
		n.Diff = append(n.Diff, diff)
	}
	return n
}

// pairDiff lists the pairs that only one side has, at most ten.
func pairDiff(issued, recorded [][2]string, between string) []string {
	var lines []string
	for _, p := range issued {
		if !slices.Contains(recorded, p) {
			lines = append(lines, "+ "+p[0]+between+p[1])
		}
	}
	for _, p := range recorded {
		if !slices.Contains(issued, p) {
			lines = append(lines, "- "+p[0]+between+p[1])
		}
	}
	if len(lines) == 0 {
		lines = []string{"the same, in another order or number"}
	}
	return lines[:min(len(lines), 10)]
}

// bodyDiff says where two bodies begin to differ.
func bodyDiff(media string, issued, recorded []byte) []string {
	if a, err := decodeJSON(issued); err == nil {
		if b, err := decodeJSON(recorded); err == nil {
			if path, x, y := jsonDiff("$", a, b); path != "" {
				return []string{"application/json, differs at " + path, " -  " + y, " +  " + x}
			}
		}
	}
	a, b := strings.Split(string(issued), "\n"), strings.Split(string(recorded), "\n")
	for i := 0; i < len(a) || i < len(b); i++ {
		x, y := lineAt(a, i), lineAt(b, i)
		if x != y {
			return []string{fmt.Sprintf("%s, differs in line %d (%d bytes issued, %d recorded)", media, i+1, len(issued), len(recorded)), " -  " + y, " +  " + x}
		}
	}
	return []string{"its content type differs"}
}

func lineAt(lines []string, i int) string {
	if i >= len(lines) {
		return "(nothing)"
	}
	return short(lines[i])
}

func short(s string) string {
	if len(s) > 100 {
		return s[:100] + "…"
	}
	return s
}

// jsonDiff returns the first path at which two values differ, with both sides there; "" when they are equal.
func jsonDiff(path string, a, b any) (at, x, y string) {
	switch left := a.(type) {
	case map[string]any:
		right, ok := b.(map[string]any)
		if !ok {
			break
		}
		keys := map[string]bool{}
		for key := range left {
			keys[key] = true
		}
		for key := range right {
			keys[key] = true
		}
		sorted := make([]string, 0, len(keys))
		for key := range keys {
			sorted = append(sorted, key)
		}
		sort.Strings(sorted)
		for _, key := range sorted {
			l, inLeft := left[key]
			r, inRight := right[key]
			if inLeft != inRight {
				return path + "." + key, member(key, l, inLeft), member(key, r, inRight)
			}
			if at, x, y := jsonDiff(path+"."+key, l, r); at != "" {
				return at, x, y
			}
		}
		return "", "", ""
	case []any:
		right, ok := b.([]any)
		if !ok {
			break
		}
		for i := 0; i < len(left) && i < len(right); i++ {
			if at, x, y := jsonDiff(fmt.Sprintf("%s[%d]", path, i), left[i], right[i]); at != "" {
				return at, x, y
			}
		}
		if len(left) != len(right) {
			return path, fmt.Sprintf("%d elements", len(left)), fmt.Sprintf("%d elements", len(right))
		}
		return "", "", ""
	case json.Number:
		if right, ok := b.(json.Number); ok && normalNumber(string(left)) == normalNumber(string(right)) {
			return "", "", ""
		}
	default:
		if a == b {
			return "", "", ""
		}
	}
	return path, valueText(a), valueText(b)
}

func member(key string, value any, there bool) string {
	if !there {
		return "(nothing)"
	}
	return fmt.Sprintf("%q: %s", key, valueText(value))
}

func valueText(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return "?"
	}
	return short(string(text))
}
