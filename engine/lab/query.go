package lab

import (
	"fmt"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// query reads the bounded parameters of one request and keeps the first mistake.
type query struct {
	values url.Values
	err    error
}

func queryOf(r *http.Request) *query {
	values, err := url.ParseQuery(r.URL.RawQuery)
	q := &query{values: values}
	if err != nil {
		q.err = fmt.Errorf("the query %q cannot be read: %w", r.URL.RawQuery, err)
	}
	return q
}

// refuse answers 400 with the first mistake, if there was one.
func (q *query) refuse(w http.ResponseWriter) bool {
	if q.err == nil {
		return false
	}
	badRequest(w, q.err.Error())
	return true
}

func (q *query) fail(err error) {
	if q.err == nil {
		q.err = err
	}
}

// count is a whole number from low to high.
func (q *query) count(name string, fallback, low, high int) int {
	text := q.values.Get(name)
	if text == "" {
		return fallback
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high {
		q.fail(fmt.Errorf("%s=%q: a whole number from %d to %d is needed", name, text, low, high))
		return fallback
	}
	return n
}

// pause is a time in seconds, fractions allowed, of at most a minute.
func (q *query) pause(name string, fallback time.Duration) time.Duration {
	text := q.values.Get(name)
	if text == "" {
		return fallback
	}
	d, err := parsePause(text)
	if err != nil {
		q.fail(fmt.Errorf("%s=%q: %w", name, text, err))
		return fallback
	}
	return d
}

// size is a number of bytes, with an optional unit of 1024: k, m, g, KiB, MiB, GiB.
func (q *query) size(name string, fallback, low, high int64) int64 {
	text := q.values.Get(name)
	if text == "" {
		return fallback
	}
	n, err := parseSize(text)
	if err != nil {
		q.fail(fmt.Errorf("%s=%q: %w", name, text, err))
		return fallback
	}
	if n < low || n > high {
		q.fail(fmt.Errorf("%s=%q: from %d to %d bytes are possible", name, text, low, high))
		return fallback
	}
	return n
}

func (q *query) text(name, fallback string) string {
	if !q.values.Has(name) {
		return fallback
	}
	return q.values.Get(name)
}

func parsePause(text string) (time.Duration, error) {
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(seconds) || seconds < 0 || seconds > longestPause.Seconds() {
		return 0, fmt.Errorf("seconds from 0 to %g are needed, such as 0.25", longestPause.Seconds())
	}
	return time.Duration(seconds * float64(time.Second)), nil
}

func parseSize(text string) (int64, error) {
	digits := strings.TrimRight(text, "kKmMgGiIbB")
	unit := int64(1)
	switch strings.ToLower(text[len(digits):]) {
	case "", "b":
	case "k", "kb", "kib":
		unit = 1 << 10
	case "m", "mb", "mib":
		unit = 1 << 20
	case "g", "gb", "gib":
		unit = 1 << 30
	default:
		return 0, fmt.Errorf("the unit %q is unknown: use k, m or g", text[len(digits):])
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64/unit {
		return 0, fmt.Errorf("a number of bytes is needed, such as 4096 or 64k")
	}
	return n * unit, nil
}

// oneOf is fallback or one of the others.
func (q *query) oneOf(name, fallback string, others ...string) string {
	text := q.values.Get(name)
	if text == "" || text == fallback {
		return fallback
	}
	if !slices.Contains(others, text) {
		q.fail(fmt.Errorf("%s=%q: one of %s, %s is needed", name, text, fallback, strings.Join(others, ", ")))
		return fallback
	}
	return text
}
