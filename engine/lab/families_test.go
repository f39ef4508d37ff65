package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// noted is a Sleep that takes no time and notes what was asked for.
type noted struct {
	mu     sync.Mutex
	pauses []time.Duration
}

func (n *noted) sleep(ctx context.Context, d time.Duration) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.pauses = append(n.pauses, d)
	return ctx.Err()
}

func (n *noted) take() []time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	pauses := n.pauses
	n.pauses = nil
	return pauses
}

func TestRhythms(t *testing.T) {
	var clock noted
	server := start(t, Options{Sleep: clock.sleep})
	const half = 500 * time.Millisecond
	for _, test := range []struct {
		path   string
		want   string
		pauses []time.Duration
	}{
		{"/chunks?n=3&every=0.5", "chunk 1\nchunk 2\nchunk 3\n", []time.Duration{half, half}},
		{"/chunks?n=2&every=0.5&text=ab", "abab", []time.Duration{half}},
		{"/chunks?n=2&every=0.5&size=5", "chunkchunk", []time.Duration{half}},
		{"/chunks?n=2&size=5&text=ab", "ababaababa", []time.Duration{defaultPause}},
		{"/chunks?n=0", "", nil},
		{"/lines?n=2", "line 1 of 2\nline 2 of 2\n", []time.Duration{defaultPause}},
		{"/sse?n=2&retry=50", "retry: 50\nid: 1\nevent: tick\ndata: {\"n\":1,\"of\":2}\n\nid: 2\nevent: tick\ndata: {\"n\":2,\"of\":2}\n\n", []time.Duration{defaultPause}},
		{"/sse?n=3&drop=1", "id: 1\nevent: tick\ndata: {\"n\":1,\"of\":3}\n\n", nil},
	} {
		for _, h2 := range []bool{false, true} {
			got := get(t, client(t, server, h2), server.HTTPSURL()+test.path)
			if got.body != test.want {
				t.Errorf("%s: body %q, want %q", test.path, got.body, test.want)
			}
			if pauses := clock.take(); !slices.Equal(pauses, test.pauses) {
				t.Errorf("%s: pauses %v, want %v", test.path, pauses, test.pauses)
			}
		}
	}
}

// TestChunksAreChunks reads the framing off the wire.
func TestChunksAreChunks(t *testing.T) {
	server := start(t, Options{Sleep: noTime})
	got := rawAnswer(t, server.URL(), "GET /chunks?n=3&text=hello HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n")
	_, body, _ := strings.Cut(got, "\r\n\r\n")
	if want := "5\r\nhello\r\n5\r\nhello\r\n5\r\nhello\r\n0\r\n\r\n"; body != want {
		t.Errorf("body %q, want %q", body, want)
	}
}

func TestDelay(t *testing.T) {
	var clock noted
	server := start(t, Options{Sleep: clock.sleep})
	got := ask(t, client(t, server, false), "POST", server.URL()+"/delay/0.25?a=1", strings.NewReader("sent"))
	var echoed struct {
		Args map[string][]string
		Data string
	}
	if err := json.Unmarshal([]byte(got.body), &echoed); err != nil {
		t.Fatalf("%v: %s", err, got.body)
	}
	if !slices.Equal(echoed.Args["a"], []string{"1"}) || !strings.Contains(got.body, "sent") && !strings.Contains(echoed.Data, "c2VudA") {
		t.Errorf("echoed %s", got.body)
	}
	if pauses := clock.take(); !slices.Equal(pauses, []time.Duration{250 * time.Millisecond}) {
		t.Errorf("pauses %v", pauses)
	}
}

func TestRealSleep(t *testing.T) {
	begun := time.Now()
	if err := sleep(t.Context(), 10*time.Millisecond); err != nil || time.Since(begun) < 10*time.Millisecond {
		t.Errorf("%v after %v", err, time.Since(begun))
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, d := range []time.Duration{0, time.Hour} {
		if err := sleep(ended, d); err == nil {
			t.Errorf("sleep(%v) of an ended context gave no error", d)
		}
	}
}

func TestSSEGoesOn(t *testing.T) {
	server := start(t, Options{Sleep: noTime})
	c := client(t, server, false)
	url := server.URL() + "/sse?n=5&drop=2"
	for _, test := range []struct {
		last   string
		status int
		ids    []string
	}{
		{"2", 200, []string{"id: 3", "id: 4"}},
		{"4", 200, []string{"id: 5"}},
		{"5", 204, nil},
		{"99", 204, nil},
		{"x", 400, nil},
		{"-1", 400, nil},
	} {
		got := ask(t, c, "GET", url, nil, "Last-Event-ID", test.last)
		var ids []string
		for line := range strings.Lines(got.body) {
			if strings.HasPrefix(line, "id: ") {
				ids = append(ids, strings.TrimSpace(line))
			}
		}
		if got.StatusCode != test.status || !slices.Equal(ids, test.ids) {
			t.Errorf("after %s: %s %v, want %d %v", test.last, got.Status, ids, test.status, test.ids)
		}
	}
}

func TestEarlyHints(t *testing.T) {
	var clock noted
	server := start(t, Options{Sleep: clock.sleep})
	for _, h2 := range []bool{false, true} {
		var seen []string
		trace := &httptrace.ClientTrace{Got1xxResponse: func(code int, header textproto.MIMEHeader) error {
			seen = append(seen, fmt.Sprint(code, " ", header.Get("Link"), " ", header.Get("X-Hint")))
			return nil
		}}
		request, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), "GET", server.HTTPSURL()+"/early-hints?n=2&code=150&every=0.5", nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := client(t, server, h2).Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		want := []string{"150 </style-1.css>; rel=preload; as=style 1", "150 </style-2.css>; rel=preload; as=style 2"}
		if !slices.Equal(seen, want) || response.StatusCode != 200 || response.Header.Get("X-Hint") != "" {
			t.Errorf("h2 %v: %q then %s %v", h2, seen, response.Status, response.Header)
		}
	}
}

func TestTrailers(t *testing.T) {
	server := start(t, Options{})
	for _, h2 := range []bool{false, true} {
		if got := get(t, client(t, server, h2), server.HTTPSURL()+"/trailers?X-Sum=42"); got.Trailer.Get("X-Sum") != "42" {
			t.Errorf("h2 %v: trailers %v", h2, got.Trailer)
		}
	}
}

func TestRedirectChain(t *testing.T) {
	server := start(t, Options{})
	c := client(t, server, false)
	plain, secure := server.URL(), server.HTTPSURL()
	host := strings.TrimPrefix(plain, "http://")
	for _, test := range []struct {
		base, path string
		status     int
		location   string
	}{
		{plain, "301", 301, "/anything"},
		{plain, "308,302?a=1", 308, "/redirect-chain/302?a=1"},
		{plain, "relative", 302, "../anything"},
		{plain, "relative,303?status=307", 307, "303?status=307"},
		{plain, "absolute", 302, plain + "/anything"},
		{plain, "scheme-relative", 302, "//" + host + "/anything"},
		{plain, "https", 302, secure + "/anything"},
		{secure, "http", 302, plain + "/anything"},
		{plain, "localhost", 302, at(plain, "localhost") + "/anything"},
		{secure, "localhost", 302, at(secure, "localhost") + "/anything"},
		{plain, "userinfo", 302, "http://ada:lovelace@" + host + "/anything"},
		{plain, "fragment", 302, "/anything#part"},
		{plain, "loop", 302, "/redirect-chain/loop"},
		{plain, "missing", 302, ""},
	} {
		got := get(t, c, test.base+"/redirect-chain/"+test.path)
		if got.StatusCode != test.status || got.Header.Get("Location") != test.location {
			t.Errorf("%s: %s to %q, want %d to %q", test.path, got.Status, got.Header.Get("Location"), test.status, test.location)
		}
	}

	follower := client(t, server, false)
	var hops []string
	follower.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		hops = append(hops, r.URL.Scheme+" "+r.URL.Hostname())
		return nil
	}
	got := get(t, follower, plain+"/redirect-chain/301,relative,https,localhost,absolute,http")
	want := []string{"http 127.0.0.1", "http 127.0.0.1", "https 127.0.0.1", "https localhost", "https localhost", "http 127.0.0.1"}
	if got.StatusCode != 200 || !slices.Equal(hops, want) {
		t.Errorf("%s by %q, want %q", got.Status, hops, want)
	}
}

func TestFlaky(t *testing.T) {
	server := start(t, Options{})
	c := client(t, server, false)
	for _, round := range []string{"first", "after DELETE"} {
		for i, want := range []int{429, 429, 429, 200, 200} {
			got := get(t, c, server.URL()+"/flaky/a?fail=3&status=429&after=7")
			retry := got.Header.Get("Retry-After")
			if got.StatusCode != want || (retry == "7") != (want == 429) {
				t.Errorf("%s, attempt %d: %s, Retry-After %q", round, i+1, got.Status, retry)
			}
		}
		if got := ask(t, c, "DELETE", server.URL()+"/flaky/a", nil); got.StatusCode != 204 {
			t.Errorf("DELETE: %s", got.Status)
		}
	}
	if got := get(t, c, server.URL()+"/flaky/b"); got.StatusCode != 503 {
		t.Errorf("another key: %s", got.Status)
	}
}

func TestFlakyForgetsTheOldestKey(t *testing.T) {
	a := newAttempts()
	for i := range maxKeys + 1 {
		a.add(strconv.Itoa(i))
	}
	if len(a.counts) != maxKeys || len(a.order) != maxKeys {
		t.Errorf("%d counts, %d in order", len(a.counts), len(a.order))
	}
	if a.add(strconv.Itoa(maxKeys)) != 2 || a.add("0") != 1 {
		t.Error("the newest was forgotten, or the oldest was not")
	}
}

func TestRateLimit(t *testing.T) {
	elapse := make(chan struct{})
	server := start(t, Options{Sleep: func(ctx context.Context, d time.Duration) error {
		select {
		case <-elapse:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}})
	c := client(t, server, false)
	url := server.URL() + "/rate-limit?limit=2&window=1.5"
	for i, want := range []int{200, 200, 429, 429} {
		got := get(t, c, url)
		if got.StatusCode != want || got.Header.Get("X-RateLimit-Limit") != "2" || got.Header.Get("X-RateLimit-Remaining") != strconv.Itoa(max(1-i, 0)) {
			t.Errorf("request %d: %s %v", i+1, got.Status, got.Header)
		}
		if want == 429 && got.Header.Get("Retry-After") != "2" {
			t.Errorf("Retry-After %q", got.Header.Get("Retry-After"))
		}
	}
	if got := get(t, c, url+"&key=other"); got.StatusCode != 200 {
		t.Errorf("another key: %s", got.Status)
	}
	elapse <- struct{}{}
	elapse <- struct{}{}
	for deadline := patient(t); get(t, c, url).StatusCode != 200; {
		if deadline.Err() != nil {
			t.Fatal("the window did not end")
		}
	}
}

func TestUsers(t *testing.T) {
	var clock noted
	server := start(t, Options{Sleep: clock.sleep})
	c := client(t, server, false)
	var all []user
	if err := json.Unmarshal([]byte(get(t, c, server.URL()+"/users").body), &all); err != nil || len(all) != 10 {
		t.Fatalf("%v: %d users", err, len(all))
	}
	clock.take()
	for i, want := range all {
		var one user
		got := get(t, c, server.URL()+"/users/"+strconv.Itoa(i+1)+"?delay=0.2")
		if err := json.Unmarshal([]byte(got.body), &one); err != nil || one != want || one.ID != i+1 {
			t.Errorf("%v: %+v, want %+v", err, one, want)
		}
	}
	if pauses := clock.take(); len(pauses) != 10 || pauses[0] != 200*time.Millisecond {
		t.Errorf("pauses %v", pauses)
	}
	for body, want := range map[string]int{`{"name": "x"}`: 201, `{"id": 3}`: 201, `[1]`: 422, `null`: 422, ``: 422, strings.Repeat(" ", maxUserBody+1): 413} {
		got := ask(t, c, "POST", server.URL()+"/users", strings.NewReader(body))
		if got.StatusCode != want || (want == 201 && (!strings.Contains(got.body, `"id": 11`) || got.Header.Get("Location") != "/users/11")) {
			t.Errorf("%.20q: %s %s", body, got.Status, got.body)
		}
	}
}

func TestPages(t *testing.T) {
	server := start(t, Options{})
	c := client(t, server, false)
	next := "/pages?per=20"
	var ids []int
	for range 3 {
		got := get(t, c, server.URL()+next)
		var page struct {
			Items []struct{ ID int }
			Next  *string
		}
		if err := json.Unmarshal([]byte(got.body), &page); err != nil {
			t.Fatal(err)
		}
		for _, item := range page.Items {
			ids = append(ids, item.ID)
		}
		if page.Next == nil {
			if strings.Contains(got.Header.Get("Link"), `rel="next"`) || !strings.Contains(got.Header.Get("Link"), `rel="prev"`) {
				t.Errorf("last page links %q", got.Header.Get("Link"))
			}
			break
		}
		if !strings.Contains(got.Header.Get("Link"), "<"+*page.Next+`>; rel="next"`) {
			t.Errorf("Link %q does not hold %q", got.Header.Get("Link"), *page.Next)
		}
		next = *page.Next
	}
	if len(ids) != 45 || ids[0] != 1 || ids[44] != 45 || !slices.IsSorted(ids) {
		t.Errorf("ids %v", ids)
	}
	if got := get(t, c, server.URL()+"/pages?total=0"); !strings.Contains(got.body, `"items": []`) {
		t.Errorf("no records: %s", got.body)
	}
}

func TestUpload(t *testing.T) {
	var clock noted
	server := start(t, Options{Sleep: clock.sleep})
	for _, test := range []struct {
		name  string
		body  io.Reader
		query string
		check func(uploadReport, []time.Duration) bool
	}{
		{"whole", strings.NewReader("hello"), "", func(r uploadReport, p []time.Duration) bool {
			return r.Bytes == 5 && r.ContentLength != nil && *r.ContentLength == 5 && len(p) == 0 &&
				r.SHA256 == "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
		}},
		{"chunked", io.MultiReader(strings.NewReader("hel"), strings.NewReader("lo")), "", func(r uploadReport, _ []time.Duration) bool {
			return r.Bytes == 5 && r.ContentLength == nil && slices.Equal(r.TransferEncoding, []string{"chunked"})
		}},
		{"slow", strings.NewReader(strings.Repeat("x", 100)), "?rate=40", func(r uploadReport, p []time.Duration) bool {
			var total time.Duration
			for _, pause := range p {
				total += pause
			}
			return r.Bytes == 100 && total == 2500*time.Millisecond && r.ReadCount >= 50 && len(r.Reads) == r.ReadCount
		}},
		{"empty", nil, "", func(r uploadReport, _ []time.Duration) bool { return r.Bytes == 0 && r.ReadCount == 0 }},
		{"many reads", strings.NewReader(strings.Repeat("x", 1500)), "?rate=20", func(r uploadReport, _ []time.Duration) bool {
			return r.Bytes == 1500 && r.ReadCount == 1500 && len(r.Reads) == maxListedReads
		}},
	} {
		got := ask(t, client(t, server, false), "POST", server.URL()+"/upload"+test.query, test.body)
		var report uploadReport
		if err := json.Unmarshal([]byte(got.body), &report); err != nil {
			t.Fatalf("%v: %s", err, got.body)
		}
		if pauses := clock.take(); !test.check(report, pauses) {
			t.Errorf("%s: %+v, pauses %v", test.name, report, pauses)
		}
	}
}

// TestEcho sends a piece only after the one before it has come back.
func TestEcho(t *testing.T) {
	server := start(t, Options{})
	for _, h2 := range []bool{false, true} {
		reader, writer := io.Pipe()
		request, err := http.NewRequestWithContext(patient(t), "POST", server.HTTPSURL()+"/echo", reader)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "text/x-lab")
		response, err := client(t, server, h2).Do(request)
		if err != nil {
			t.Fatal(err)
		}
		if response.Header.Get("Content-Type") != "text/x-lab" {
			t.Errorf("Content-Type %q", response.Header.Get("Content-Type"))
		}
		for i := range 3 {
			piece := fmt.Sprintf("piece %d", i)
			if _, err := writer.Write([]byte(piece)); err != nil {
				t.Fatal(err)
			}
			back := make([]byte, len(piece))
			if _, err := io.ReadFull(response.Body, back); err != nil || string(back) != piece {
				t.Fatalf("h2 %v: %q, %v", h2, back, err)
			}
		}
		writer.Close()
		if rest, err := io.ReadAll(response.Body); err != nil || len(rest) != 0 {
			t.Errorf("h2 %v: rest %q, %v", h2, rest, err)
		}
		response.Body.Close()
	}
}

func FuzzQuery(f *testing.F) {
	for _, seed := range []string{"n=1&every=0.5&size=64k", "size=1GiB", "n=-1", "every=NaN", "every=1e300", "size=9223372036854775807g", "%zz", "size=kk"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		q := queryOf(&http.Request{URL: &url.URL{RawQuery: raw}})
		if n := q.count("n", 1, 0, 10); n < 0 || n > 10 {
			t.Errorf("count %d", n)
		}
		if d := q.pause("every", 0); d < 0 || d > longestPause {
			t.Errorf("pause %v", d)
		}
		if n := q.size("size", 1, 0, maxStreamed); n < 0 || n > maxStreamed {
			t.Errorf("size %d", n)
		}
	})
}
