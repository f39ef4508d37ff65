package lab

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"
)

const (
	maxKeys      = 1000
	maxKeyLength = 128
	sharedKey    = "default"
)

func (s *Server) healingEndpoints() []endpoint {
	return []endpoint{
		{usage: "/flaky/{key}?fail=2&status=503&after=1", about: "fails the first times for this key, with Retry-After; DELETE forgets the key",
			example: "/flaky/k?fail=0", pattern: "/flaky/{key}", handle: s.fail},
		{usage: "/rate-limit?limit=5&window=1&key=", about: "limit requests in a window of seconds, then 429 with Retry-After",
			example: "/rate-limit", pattern: "/rate-limit", handle: s.rateLimit},
	}
}

// attempts counts the requests of each key and forgets the oldest keys.
type attempts struct {
	mu     sync.Mutex
	counts map[string]int
	order  []string
}

func newAttempts() *attempts { return &attempts{counts: make(map[string]int)} }

func (a *attempts) add(key string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, known := a.counts[key]; !known {
		if len(a.order) == maxKeys {
			delete(a.counts, a.order[0])
			a.order = a.order[1:]
		}
		a.order = append(a.order, key)
	}
	a.counts[key]++
	return a.counts[key]
}

// forget starts the key's count again; its place in the order stays.
func (a *attempts) forget(key string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, known := a.counts[key]; known {
		a.counts[key] = 0
	}
}

func (s *Server) fail(w http.ResponseWriter, r *http.Request) {
	key := r.PathValue("key")
	q := queryOf(r)
	failures := q.count("fail", 2, 0, maxPieces)
	status := q.count("status", http.StatusServiceUnavailable, 400, 599)
	after := q.count("after", 1, 0, int(longestPause.Seconds()))
	checkKey(q, key)
	if q.refuse(w) {
		return
	}
	if r.Method == http.MethodDelete {
		s.flaky.forget(key)
		w.WriteHeader(http.StatusNoContent)
		return
	}
	attempt := s.flaky.add(key)
	answer := map[string]any{"key": key, "attempt": attempt, "failures": failures}
	if attempt <= failures {
		w.Header().Set("Retry-After", strconv.Itoa(after))
		answer["error"] = fmt.Sprintf("attempt %d of %d that fail", attempt, failures)
		writeJSON(w, status, answer)
		return
	}
	writeJSON(w, http.StatusOK, answer)
}

func checkKey(q *query, key string) {
	if len(key) > maxKeyLength {
		q.fail(fmt.Errorf("the key has %d bytes: at most %d are possible", len(key), maxKeyLength))
	}
}

// windows counts the requests of each key since its window opened.
type windows struct {
	mu     sync.Mutex
	counts map[string]int
}

func newWindows() *windows { return &windows{counts: make(map[string]int)} }

// enter adds a request. opened says that it is the window's first, full that no other key can have a window.
func (o *windows) enter(key string) (count int, opened, full bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, open := o.counts[key]; !open {
		if len(o.counts) == maxKeys {
			return 0, false, true
		}
		opened = true
	}
	o.counts[key]++
	return o.counts[key], opened, false
}

func (o *windows) close(key string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.counts, key)
}

// rateLimit has fixed windows: the first request opens one, which ends after its time whatever comes in between.
// Retry-After is the whole window, the longest that a client may have to wait.
func (s *Server) rateLimit(w http.ResponseWriter, r *http.Request) {
	q := queryOf(r)
	limit := q.count("limit", 5, 1, maxPieces)
	window := q.pause("window", time.Second)
	key := q.text("key", sharedKey)
	checkKey(q, key)
	if q.refuse(w) {
		return
	}
	count, opened, full := s.windows.enter(key)
	if full {
		http.Error(w, fmt.Sprintf("%d keys have an open window: wait until one ends", maxKeys), http.StatusServiceUnavailable)
		return
	}
	if opened {
		s.work.Go(func() {
			_ = s.sleep(s.running, window) // ends early when the server closes
			s.windows.close(key)
		})
	}
	seconds := strconv.Itoa(int((window + time.Second - 1) / time.Second))
	w.Header().Set("X-RateLimit-Limit", strconv.Itoa(limit))
	w.Header().Set("X-RateLimit-Remaining", strconv.Itoa(max(limit-count, 0)))
	w.Header().Set("X-RateLimit-Reset", seconds)
	if count > limit {
		w.Header().Set("Retry-After", seconds)
		writeJSON(w, http.StatusTooManyRequests, map[string]any{
			"error": fmt.Sprintf("more than %d requests in %g s", limit, window.Seconds()),
		})
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"request": count, "limit": limit})
}
