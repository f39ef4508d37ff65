package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"httpx-repl/engine/lab"
	"httpx-repl/transcripts"
)

// killed defines what the killed sessions do again and again: requests, a stream, timers. Each step acknowledges itself last.
const killed = `async function step(i) {
  const [a, b] = await Promise.all([client.get("/get?step=" + i), client.post("/post?step=" + i, { json: { i } })]);
  const r = await client.stream("GET", "/lines?n=3&every=0&step=" + i);
  let lines = 0;
  for await (const line of r.aiterLines()) lines++;
  await new Promise(resolve => setTimeout(resolve, i % 2));
  print("ack " + i, a.statusCode, b.statusCode, lines);
}
`

// The program is killed at random instants while it records. Every journal then comes back as a transcript, and everything that
// was acknowledged on standard output is in it: in its outputs, and as exchanges.
func TestKilledSessionsComeBack(t *testing.T) {
	t.Parallel()
	kills := 100
	if testing.Short() {
		kills = 10
	}
	server, err := lab.Start(lab.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	random := rand.New(rand.NewPCG(1, 2))
	none, steps := 0, 0
	for i := range kills {
		// Half of the sessions are one long cell, half are many cells. Half are killed while the program starts, the others
		// within the dozen steps after the first, however long a busy machine took to come there.
		acknowledged := killOne(t, server.URL(), i%2 == 0, i%4 > 1, time.Duration(random.IntN(40_000))*time.Microsecond)
		if acknowledged < 0 {
			none++
		} else {
			steps += acknowledged
		}
	}
	t.Logf("%d kills, %d of them before there was anything to recover; %d steps acknowledged", kills, none, steps)
	if steps < kills/4 {
		t.Errorf("%d sessions acknowledged %d steps: the instants prove nothing", kills, steps)
	}
}

// killOne runs a session, kills it a while after its start or its first step, and checks what recover makes of its journal. It
// returns how many steps were acknowledged, -1 when there was no session yet.
func killOne(t *testing.T, base string, oneCell, fromStart bool, after time.Duration) int {
	t.Helper()
	home := t.TempDir()
	cmd := program(t, home, "--base-url", base)
	in, out := pipes(t, cmd.StdinPipe, cmd.StdoutPipe)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill := time.AfterFunc(time.Hour, func() { cmd.Process.Kill() })
	defer kill.Stop()
	if fromStart {
		kill.Reset(after)
	}
	go func() { // ends with an error when the program does
		io.WriteString(in, killed)
		if oneCell {
			io.WriteString(in, "for (let i = 0; ; i++) await step(i)\n")
		}
		for i := 0; ; i++ {
			if _, err := fmt.Fprintf(in, "await step(%d)\n", i); err != nil {
				return
			}
		}
	}()
	acknowledged := 0
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if lines.Text() != fmt.Sprintf("ack %d 200 200 3", acknowledged) {
			t.Fatalf("step %d printed %q", acknowledged, lines.Text())
		}
		if acknowledged++; acknowledged == 1 && !fromStart {
			kill.Reset(after)
		}
	}
	cmd.Wait()
	if stderr.Len() > 0 {
		t.Fatalf("the session reported: %s", stderr.String())
	}

	recovered, err := program(t, home, "recover").CombinedOutput()
	if strings.Contains(string(recovered), "no journal of an unfinished session was found") && acknowledged == 0 {
		return -1
	}
	if err != nil {
		t.Fatalf("after %d steps, recover: %v: %s", acknowledged, err, recovered)
	}
	documents, _ := filepath.Glob(filepath.Join(home, "*.hx.md"))
	if len(documents) != 1 {
		t.Fatalf("recover has written %d documents: %s", len(documents), recovered)
	}
	doc, err := transcripts.Load(documents[0])
	if err != nil {
		t.Fatal(err)
	}
	var outputs strings.Builder
	for _, c := range doc.Session.Cells {
		outputs.WriteString(c.Output)
	}
	urls := map[string]int{}
	for _, x := range doc.Session.Exchanges() {
		if x.Head != nil && x.Ended {
			urls[x.Req.URL]++
		}
	}
	for i := range acknowledged {
		if !strings.Contains("\n"+outputs.String(), fmt.Sprintf("\nack %d 200 200 3\n", i)) {
			t.Errorf("step %d was acknowledged and its output is lost:\n%s", i, recovered)
		}
		for _, path := range []string{"/get?", "/post?", "/lines?n=3&every=0&"} {
			if urls[fmt.Sprintf("%s%sstep=%d", base, path, i)] != 1 {
				t.Errorf("step %d was acknowledged and its exchange %s is lost:\n%s", i, path, recovered)
			}
		}
	}
	if t.Failed() {
		journals, _ := filepath.Glob(filepath.Join(home, ".local/state/httpx-repl/journals/recovered/*.hxlog"))
		text, _ := os.ReadFile(journals[0])
		t.Fatalf("the journal:\n%s", text)
	}
	return acknowledged
}

func pipes(t *testing.T, in func() (io.WriteCloser, error), out func() (io.ReadCloser, error)) (io.WriteCloser, io.ReadCloser) {
	t.Helper()
	w, err := in()
	if err != nil {
		t.Fatal(err)
	}
	r, err := out()
	if err != nil {
		t.Fatal(err)
	}
	return w, r
}
