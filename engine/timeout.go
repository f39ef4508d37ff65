package engine

import (
	"strconv"
	"strings"
	"time"
)

// Timeout bounds the waits of one request. Zero means: no limit. A nil *Timeout in an option means "not given", so that
// "the client's default" and "no limit" stay different things, as in HTTPX.
//
// HTTPX's four limits apply to one operation each; there, a server that sends a byte every four seconds never runs into a
// read timeout of five. Total is this project's addition for that case.
type Timeout struct {
	Connect time.Duration // for one connection attempt, and again for its TLS handshake
	Read    time.Duration // between two arrivals of data
	Write   time.Duration // for sending the head, and for sending each chunk of the body
	Pool    time.Duration // for waiting until the pool has room
	Total   time.Duration // from Client.Send to the end of the body, all redirects and authentication steps included
}

// DefaultTimeout is HTTPX's default: five seconds for each operation and no overall limit.
var DefaultTimeout = NewTimeout(5 * time.Second)

// NewTimeout returns a Timeout with the same limit for each of HTTPX's four operations.
func NewTimeout(d time.Duration) Timeout {
	return Timeout{Connect: d, Read: d, Write: d, Pool: d}
}

// String is HTTPX's repr, in seconds: Timeout(timeout=5.0), or each of the four when they differ.
func (t Timeout) String() string {
	var b strings.Builder
	if t.Connect == t.Read && t.Read == t.Write && t.Write == t.Pool {
		b.WriteString("Timeout(timeout=" + seconds(t.Connect))
	} else {
		b.WriteString("Timeout(connect=" + seconds(t.Connect) + ", read=" + seconds(t.Read) +
			", write=" + seconds(t.Write) + ", pool=" + seconds(t.Pool))
	}
	if t.Total > 0 {
		b.WriteString(", total=" + seconds(t.Total))
	}
	b.WriteString(")")
	return b.String()
}

// seconds writes a limit as Python writes a float, and no limit as None.
func seconds(d time.Duration) string {
	if d <= 0 {
		return "None"
	}
	s := strconv.FormatFloat(d.Seconds(), 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}
