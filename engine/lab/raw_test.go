package lab

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"
)

func dial(t *testing.T, server string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", server[strings.Index(server, "//")+2:])
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(patience))
	return conn
}

// rawAnswer sends bytes and reads to the end of the connection.
func rawAnswer(t *testing.T, server, request string) string {
	t.Helper()
	conn := dial(t, server)
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(conn)
	if err != nil {
		t.Fatalf("reading: %v after %q", err, got)
	}
	return string(got)
}

func rawGet(path string) string { return "GET " + path + " HTTP/1.1\r\nHost: lab\r\n\r\n" }

func TestMalformedAnswersAreAsWritten(t *testing.T) {
	server := start(t, Options{})
	for _, m := range malformed {
		if got := rawAnswer(t, server.URL(), rawGet("/broken/"+m.kind)); got != m.answer {
			t.Errorf("%s: %.200q, want %.200q", m.kind, got, m.answer)
		}
	}
	stats, err := server.Wait(patient(t), func(s Stats) bool { return s.ConnectionsActive == 0 && s.InFlight == 0 })
	if err != nil || stats.Aborted != 0 || stats.Requests != len(malformed) {
		t.Errorf("%v: %+v", err, stats)
	}
}

func TestFaultsOverTLS(t *testing.T) {
	server := start(t, Options{})
	conn := tls.Client(dial(t, server.HTTPSURL()), &tls.Config{RootCAs: server.CAPool(), ServerName: "localhost", NextProtos: []string{"http/1.1"}})
	io.WriteString(conn, rawGet("/broken/truncated"))
	if got, _ := io.ReadAll(conn); string(got) != bodyBegun {
		t.Errorf("got %q", got)
	}
	if got := get(t, client(t, server, true), server.HTTPSURL()+"/broken/truncated"); got.StatusCode != 400 {
		t.Errorf("over HTTP/2: %s", got.Status)
	}
}

func TestReset(t *testing.T) {
	server := start(t, Options{})
	for _, at := range []string{"start", "head", "body"} {
		conn := dial(t, server.URL())
		io.WriteString(conn, rawGet("/broken/reset?at="+at))
		if _, err := io.ReadAll(conn); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%s: %v", at, err)
		}
	}
	secure := tls.Client(dial(t, server.HTTPSURL()), &tls.Config{RootCAs: server.CAPool(), ServerName: "localhost"})
	io.WriteString(secure, rawGet("/broken/reset"))
	if _, err := io.ReadAll(secure); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("TLS: %v", err)
	}
}

func TestStallsWaitForTheClient(t *testing.T) {
	server := start(t, Options{})
	for i, place := range stalls {
		conn := dial(t, server.URL())
		io.WriteString(conn, rawGet("/broken/stall?at="+place.at))
		got := make([]byte, len(place.begun))
		if _, err := io.ReadFull(conn, got); err != nil || string(got) != place.begun {
			t.Errorf("%s: %q, %v", place.at, got, err)
		}
		if stats := server.Stats(); stats.InFlight != 1 || stats.Aborted != i {
			t.Errorf("%s: %+v before leaving", place.at, stats)
		}
		conn.Close()
		if stats, err := server.Wait(patient(t), func(s Stats) bool { return s.Aborted == i+1 && s.InFlight == 0 }); err != nil {
			t.Fatalf("%s: %v %+v", place.at, err, stats)
		}
	}
}

func TestSlowHeader(t *testing.T) {
	var clock noted
	server := start(t, Options{Sleep: clock.sleep})
	got := get(t, client(t, server, false), server.URL()+"/broken/slow-header?every=0.01")
	if got.StatusCode != 200 || got.body != "slow, but whole\n" {
		t.Errorf("%s %q", got.Status, got.body)
	}
	if pauses := clock.take(); len(pauses) < 60 || pauses[0] != 10*time.Millisecond {
		t.Errorf("%d pauses", len(pauses))
	}

	waiting := start(t, Options{Sleep: held})
	conn := dial(t, waiting.URL())
	io.WriteString(conn, rawGet("/broken/slow-header"))
	first := make([]byte, 1)
	if _, err := io.ReadFull(conn, first); err != nil || first[0] != 'H' {
		t.Fatalf("%q %v", first, err)
	}
	conn.Close()
	if _, err := waiting.WaitAborted(patient(t), 1); err != nil {
		t.Error(err)
	}
}

func TestHalfClose(t *testing.T) {
	server := start(t, Options{})
	conn := dial(t, server.URL())
	io.WriteString(conn, rawGet("/broken/half-close"))
	if got, err := io.ReadAll(conn); err != nil || string(got) != bodyBegun {
		t.Errorf("%q, %v", got, err)
	}
	if stats := server.Stats(); stats.ConnectionsActive != 1 || stats.InFlight != 1 {
		t.Errorf("the server did not keep its receiving side: %+v", stats)
	}
	conn.Close()
	if stats, err := server.Wait(patient(t), func(s Stats) bool { return s.ConnectionsActive == 0 }); err != nil || stats.Aborted != 0 {
		t.Errorf("%v %+v", err, stats)
	}
}

func TestEndlessAnswersEndWithTheClient(t *testing.T) {
	server := start(t, Options{})
	for _, e := range endless {
		conn := dial(t, server.URL())
		io.WriteString(conn, rawGet("/broken/"+e.kind))
		want := e.begun + strings.Repeat(e.again, 2<<20/len(e.again))
		got := make([]byte, len(want))
		if _, err := io.ReadFull(conn, got); err != nil || string(got) != want {
			t.Errorf("%s: %v, %.100q", e.kind, err, got)
		}
		conn.Close()
		if stats, err := server.Wait(patient(t), func(s Stats) bool { return s.InFlight == 0 && s.ConnectionsActive == 0 }); err != nil {
			t.Fatalf("%s: %v %+v", e.kind, err, stats)
		}
	}
	if stats := server.Stats(); stats.Aborted != len(endless) {
		t.Errorf("%+v", stats)
	}
}

// TestWritesThatNobodyReads has Close end a handler that is blocked in a write.
func TestWritesThatNobodyReads(t *testing.T) {
	server := start(t, Options{})
	for _, url := range []string{server.URL(), server.HTTPSURL()} {
		var conn net.Conn = dial(t, url)
		if strings.HasPrefix(url, "https") {
			conn = tls.Client(conn, &tls.Config{RootCAs: server.CAPool(), ServerName: "localhost", NextProtos: []string{"http/1.1"}})
		}
		io.WriteString(conn, rawGet("/broken/endless-body"))
		io.ReadFull(conn, make([]byte, 1000))
	}
	if _, err := server.Wait(patient(t), inFlight(2)); err != nil {
		t.Fatal(err)
	}
	closed := make(chan error, 1)
	go func() { closed <- server.Close() }()
	select {
	case err := <-closed:
		if err != nil {
			t.Error(err)
		}
	case <-patient(t).Done():
		t.Fatal("Close hangs")
	}
}

func TestEvilSequencesAreManyAndDiffer(t *testing.T) {
	sequences := EvilSequences()
	if len(sequences) < 120 {
		t.Errorf("%d sequences", len(sequences))
	}
	if len(EvilPositions()) < 14 {
		t.Errorf("%d positions", len(EvilPositions()))
	}
	names, bytes := map[string]bool{}, map[string]bool{}
	for _, sequence := range sequences {
		if names[sequence.Name] || bytes[sequence.Bytes] {
			t.Errorf("%s (%q) is there twice", sequence.Name, sequence.Bytes)
		}
		names[sequence.Name], bytes[sequence.Bytes] = true, true
		harmless := !strings.ContainsFunc(sequence.Bytes, func(c rune) bool { return c < ' ' || c >= 0x7f })
		if harmless {
			t.Errorf("%s (%q) is plain ASCII", sequence.Name, sequence.Bytes)
		}
	}
	sequences[0].Name = "changed"
	if EvilSequences()[0].Name == "changed" {
		t.Error("a caller can change the list")
	}
}

// TestEvilIsWhereItSays finds every sequence in every position, on the wire.
func TestEvilIsWhereItSays(t *testing.T) {
	server := start(t, Options{})
	c := client(t, server, false)
	for _, position := range evilPositions {
		for i, sequence := range EvilSequences() {
			path := "/evil/" + position.name + "/" + strconv.Itoa(i)
			want := "before" + sequence.Bytes + "after"
			var got string
			if position.raw {
				want = oneLine(want)
				got = rawAnswer(t, server.URL(), rawGet(path))
			} else {
				got = get(t, c, server.URL()+path).body
			}
			switch {
			case strings.HasPrefix(position.name, "json"):
				want = jsonEscape(want)
			case position.name == "sse":
				want = oneLine(want)
			}
			if !strings.Contains(got, want) {
				t.Fatalf("%s: %.300q lacks %.100q", path, got, want)
			}
		}
		got := ""
		if position.raw {
			got = rawAnswer(t, server.URL(), rawGet("/evil/"+position.name+"/all"))
		} else {
			got = get(t, c, server.URL()+"/evil/"+position.name+"/all").body
		}
		if n := strings.Count(got, "before"); n < len(EvilSequences()) {
			t.Errorf("/evil/%s/all holds %d of %d", position.name, n, len(EvilSequences()))
		}
	}
}

// TestEvilFramingHolds parses each raw answer leniently: the hostile text must not break the answer's frame.
func TestEvilFramingHolds(t *testing.T) {
	server := start(t, Options{})
	for _, position := range evilPositions {
		if !position.raw {
			continue
		}
		text := rawAnswer(t, server.URL(), rawGet("/evil/"+position.name+"/all"))
		if position.name == "early-hint" {
			_, text, _ = strings.Cut(text, "\r\n\r\n")
		}
		head, body, found := strings.Cut(text, "\r\n\r\n")
		if !found || !strings.HasPrefix(head, "HTTP/1.1 ") || !strings.Contains(body, "harmless\n") {
			t.Errorf("%s: %.200q", position.name, text)
		}
		if strings.Count(text, "\n") != strings.Count(text, "\r\n")+1 { // one is the body's
			t.Errorf("%s: a line break of the text is left", position.name)
		}
	}
	// A harmless text in the same places is an answer that net/http reads.
	for _, position := range evilPositions {
		if position.raw {
			response, err := http.ReadResponse(bufio.NewReader(strings.NewReader(position.build("plain").bytes())), nil)
			if err != nil {
				t.Errorf("%s: %v", position.name, err)
				continue
			}
			if response.StatusCode == 103 {
				continue
			}
			if body, err := io.ReadAll(response.Body); err != nil || string(body) != "harmless\n" {
				t.Errorf("%s: %q %v", position.name, body, err)
			}
			if position.name == "trailer" && response.Trailer.Get("X-Evil") != "plain" {
				t.Errorf("trailer %v", response.Trailer)
			}
		}
	}
}

func TestEvilCoversTheFamilies(t *testing.T) {
	var all []string
	for _, sequence := range EvilSequences() {
		all = append(all, sequence.Bytes)
	}
	for _, want := range []string{"\x1b]52;c;?\a", "\x1b[2J", "\x1bc", "\x9b", "\u009b", "\u202egnp.exe", "\u200b", "\x07", "\x7f", "\u2028", "\xc0\x9b"} {
		if !slices.Contains(all, want) {
			t.Errorf("%q is missing", want)
		}
	}
	if !slices.ContainsFunc(all, func(s string) bool { return !utf8.ValidString(s) }) {
		t.Error("nothing is malformed UTF-8")
	}
}

func TestConnectionsThatNeverAsk(t *testing.T) {
	server := start(t, Options{})
	for _, url := range []string{server.URL(), server.HTTPSURL()} {
		conn := dial(t, url)
		io.WriteString(conn, "\x00\x01\x02 rubbish\r\n\r\n")
		io.Copy(io.Discard, conn)
		conn.Close()
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if stats, err := server.Wait(ctx, func(s Stats) bool { return s.ConnectionsClosed == 2 }); err != nil || stats.Requests != 0 {
		t.Errorf("%v %+v", err, stats)
	}
}
