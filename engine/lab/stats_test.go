package lab

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// held is a Sleep that ends only with its context, so that a request stays where it is.
func held(ctx context.Context, _ time.Duration) error {
	<-ctx.Done()
	return ctx.Err()
}

func inFlight(n int) func(Stats) bool { return func(s Stats) bool { return s.InFlight == n } }

func TestAbortedIsExact(t *testing.T) {
	server := start(t, Options{Sleep: held})
	const each = 20
	aborted := 0
	for _, test := range []struct {
		name, url string
		h2        bool
		method    string
		body      func() io.Reader
	}{
		{"HTTP/1.1", server.URL() + "/delay/1", false, "GET", nil},
		{"TLS", server.HTTPSURL() + "/delay/1", false, "GET", nil},
		{"HTTP/2", server.HTTPSURL() + "/delay/1", true, "GET", nil},
		{"a body that was sent", server.URL() + "/delay/1", false, "POST", func() io.Reader { return strings.NewReader("whole") }},
		{"between chunks", server.URL() + "/chunks", false, "GET", nil},
		{"a server that stalls", server.URL() + "/broken/stall?at=status", false, "GET", nil},
		{"a server that says nothing", server.HTTPSURL() + "/broken/no-response", false, "GET", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := client(t, server, test.h2)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var all sync.WaitGroup
			for range each {
				all.Go(func() {
					var body io.Reader
					if test.body != nil {
						body = test.body()
					}
					request, err := http.NewRequestWithContext(ctx, test.method, test.url, body)
					if err != nil {
						t.Error(err)
						return
					}
					response, err := c.Do(request)
					if err == nil {
						_, err = io.Copy(io.Discard, response.Body)
						response.Body.Close()
					}
					if !errors.Is(err, context.Canceled) {
						t.Errorf("got %v", err)
					}
				})
			}
			if stats, err := server.Wait(patient(t), inFlight(each)); err != nil {
				t.Fatalf("%v: %+v", err, stats)
			}
			if got := server.Stats().Aborted; got != aborted {
				t.Errorf("aborted before anybody left: %d, want %d", got, aborted)
			}
			cancel()
			all.Wait()
			aborted += each
			if stats, err := server.WaitAborted(patient(t), aborted); err != nil {
				t.Fatalf("%v: %+v", err, stats)
			}
			stats, err := server.Wait(patient(t), inFlight(0))
			if err != nil || stats.Aborted != aborted {
				t.Errorf("%v: %+v, want %d aborted", err, stats, aborted)
			}
		})
	}
}

func TestAbortedUpload(t *testing.T) {
	server := start(t, Options{})
	for _, h2 := range []bool{false, true} {
		server.ResetStats()
		reader, writer := io.Pipe()
		ctx, cancel := context.WithCancel(t.Context())
		request, err := http.NewRequestWithContext(ctx, "POST", server.HTTPSURL()+"/upload", reader)
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error)
		go func() {
			response, err := client(t, server, h2).Do(request)
			if err == nil {
				response.Body.Close()
			}
			done <- err
		}()
		writer.Write([]byte("the first half"))
		if _, err := server.Wait(patient(t), inFlight(1)); err != nil {
			t.Fatal(err)
		}
		cancel()
		writer.CloseWithError(context.Canceled) // net/http's client waits for its reader of the body
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("h2 %v: %v", h2, err)
		}
		if stats, err := server.Wait(patient(t), func(s Stats) bool { return s.Aborted == 1 && s.InFlight == 0 }); err != nil {
			t.Errorf("h2 %v: %v %+v", h2, err, stats)
		}
	}
}

func TestCountsOfFinishedRequests(t *testing.T) {
	server := start(t, Options{})
	c := client(t, server, false)
	for range 3 {
		get(t, c, server.URL()+"/users/1")
	}
	c.CloseIdleConnections()
	want := Stats{ConnectionsOpened: 1, ConnectionsClosed: 1, Requests: 3, MaxInFlight: 1}
	if stats, err := server.Wait(patient(t), func(s Stats) bool { return s == want }); err != nil {
		t.Fatalf("%v: %+v, want %+v", err, stats, want)
	}
	server.ResetStats()
	if got := server.Stats(); got != (Stats{}) {
		t.Errorf("after ResetStats: %+v", got)
	}
}

func TestMaxInFlight(t *testing.T) {
	var open sync.WaitGroup
	open.Add(7)
	server := start(t, Options{Sleep: func(ctx context.Context, d time.Duration) error {
		open.Done() // nobody goes on before seven are here
		open.Wait()
		return ctx.Err()
	}})
	c := client(t, server, true)
	var all sync.WaitGroup
	for range 7 {
		all.Go(func() { get(t, c, server.HTTPSURL()+"/delay/1") })
	}
	all.Wait()
	stats, err := server.Wait(patient(t), inFlight(0))
	if err != nil || stats.MaxInFlight != 7 || stats.Requests != 7 || stats.Aborted != 0 {
		t.Errorf("%v: %+v", err, stats)
	}
}

func TestCloseEndsEverything(t *testing.T) {
	server, err := Start(Options{Sleep: held})
	if err != nil {
		t.Fatal(err)
	}
	plain, secure := client(t, server, false), client(t, server, true)
	var all sync.WaitGroup
	urls := []string{
		server.URL() + "/delay/60", server.URL() + "/broken/no-response", server.URL() + "/broken/half-close",
		server.URL() + "/broken/endless-body", server.URL() + "/drip?delay=30", server.HTTPSURL() + "/sse",
		server.HTTPSURL() + "/delay/60", server.HTTPSURL() + "/rate-limit?window=60",
	}
	for _, url := range urls {
		c := plain
		if strings.HasPrefix(url, "https") {
			c = secure
		}
		all.Go(func() {
			response, err := c.Get(url)
			if err == nil {
				io.Copy(io.Discard, response.Body)
				response.Body.Close()
			}
		})
	}
	if _, err := server.Wait(patient(t), func(s Stats) bool { return s.Requests == len(urls) }); err != nil {
		t.Fatal(err)
	}
	all.Go(func() { // a request without a socket
		server.Handler().ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/delay/60", nil))
	})
	if _, err := server.Wait(patient(t), func(s Stats) bool { return s.Requests == len(urls)+1 }); err != nil {
		t.Fatal(err)
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	all.Wait()
	stats := server.Stats()
	if stats.InFlight != 0 || stats.ConnectionsActive != 0 || stats.ConnectionsOpened != stats.ConnectionsClosed || stats.Aborted != 0 {
		t.Errorf("after Close: %+v", stats)
	}
	if err := server.Close(); err != nil {
		t.Errorf("a second Close: %v", err)
	}
	if _, err := server.WaitAborted(t.Context(), 1); !errors.Is(err, ErrClosed) {
		t.Errorf("waiting on a closed server: %v", err)
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	server := start(t, Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := server.WaitAborted(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
