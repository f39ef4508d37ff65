package lab

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits before it calls a server hung.
const patience = 20 * time.Second

func start(t *testing.T, options Options) *Server {
	t.Helper()
	server, err := Start(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return server
}

// noTime is a Sleep that takes none.
func noTime(ctx context.Context, _ time.Duration) error { return ctx.Err() }

// client neither follows redirects nor decodes; h2 makes it speak HTTP/2 over TLS.
func client(t *testing.T, server *Server, h2 bool) *http.Client {
	t.Helper()
	protocols := new(http.Protocols)
	protocols.SetHTTP1(!h2)
	protocols.SetHTTP2(h2)
	transport := &http.Transport{
		DisableCompression: true,
		Protocols:          protocols,
		TLSClientConfig:    &tls.Config{RootCAs: server.CAPool()},
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Transport:     transport,
		Timeout:       patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// answer is a response with its body read.
type answer struct {
	*http.Response
	body string
}

func ask(t *testing.T, c *http.Client, method, url string, body io.Reader, header ...string) answer {
	t.Helper()
	request, err := http.NewRequest(method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := c.Do(request)
	if err != nil {
		t.Fatalf("%s %s: %v", method, url, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("%s %s: reading the body: %v", method, url, err)
	}
	return answer{response, string(text)}
}

func get(t *testing.T, c *http.Client, url string) answer {
	t.Helper()
	return ask(t, c, http.MethodGet, url, nil)
}

func patient(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// TestTable asks for the example of every row, so that the help cannot list what is not there.
func TestTable(t *testing.T) {
	server := start(t, Options{Sleep: noTime})
	c := client(t, server, false)
	for _, row := range server.endpoints() {
		switch {
		case row.usage == "" || row.about == "" || row.example == "":
			t.Errorf("row %q is incomplete", row.usage)
			continue
		case strings.HasPrefix(row.example, "/broken/"):
			continue // TestFaults
		}
		t.Run(row.usage, func(t *testing.T) {
			method, path, found := strings.Cut(row.example, " ")
			if !found {
				method, path = http.MethodGet, row.example
			}
			var body io.Reader
			if method != http.MethodGet {
				body = strings.NewReader("{}")
			}
			got := ask(t, c, method, server.URL()+path, body)
			if got.StatusCode == http.StatusNotFound || got.StatusCode == http.StatusMethodNotAllowed {
				t.Errorf("%s: %s", row.example, got.Status)
			}
			if row.handle != nil && got.StatusCode >= 400 {
				t.Errorf("%s: %s %s", row.example, got.Status, got.body)
			}
		})
	}
}

func TestHelpListsEveryRow(t *testing.T) {
	server := start(t, Options{})
	c := client(t, server, false)
	for _, path := range []string{"/", "/help"} {
		got := get(t, c, server.URL()+path)
		if !strings.HasPrefix(got.Header.Get("Content-Type"), "text/plain") {
			t.Errorf("%s: Content-Type %q", path, got.Header.Get("Content-Type"))
		}
		for _, row := range server.endpoints() {
			if !strings.Contains(got.body, row.usage) || !strings.Contains(got.body, row.about) {
				t.Errorf("%s does not list %s", path, row.usage)
			}
		}
	}
}

func TestBadParametersAreRefused(t *testing.T) {
	server := start(t, Options{Sleep: noTime})
	c := client(t, server, false)
	for _, path := range []string{
		"/delay/-1", "/delay/61", "/delay/soon", "/delay/NaN",
		"/chunks?n=100001", "/chunks?n=x", "/chunks?every=1e9", "/chunks?size=17m", "/chunks?size=1x",
		"/chunks?n=100000&size=1m", "/chunks?n=%zz", "/chunks?size=", "/chunks?size=9999999999999g",
		"/lines?every=-1", "/sse?drop=0", "/early-hints?code=101", "/early-hints?n=65",
		"/encoded/rot13", "/encoded/gzip,gzip,gzip,gzip,gzip,gzip,gzip,gzip,gzip", "/encoded/gzip?text=&size=3",
		"/bomb/gzip?size=2g", "/bomb/br?members=2", "/bomb/", "/charset/klingon", "/charset/shift_jis?bom=1",
		"/charset/utf-8?declare=a%0d%0aX:1", "/redirect-chain/sideways", "/redirect-chain/301?status=200",
		"/flaky/k?fail=-1", "/flaky/" + strings.Repeat("k", 129), "/rate-limit?limit=0", "/users?delay=99",
		"/pages?page=6", "/pages?page=0", "/broken/reset?at=end", "/broken/slow-header?every=x", "/evil/-1", "/evil/100000",
	} {
		got := get(t, c, server.URL()+path)
		want := http.StatusBadRequest
		if path == "/bomb/" {
			want = http.StatusNotFound
		}
		if path == "/chunks?size=" {
			want = http.StatusOK // empty is "not given"
		}
		if got.StatusCode != want {
			t.Errorf("%s: %s, want %d", path, got.Status, want)
		}
	}
	for _, path := range []string{"/broken/kettle", "/evil/nowhere/1", "/users/11", "/nothing"} {
		if got := get(t, c, server.URL()+path); got.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s, want 404", path, got.Status)
		}
	}
}

func TestProtocols(t *testing.T) {
	server := start(t, Options{})
	clear2 := new(http.Protocols)
	clear2.SetUnencryptedHTTP2(true)
	prior := &http.Transport{Protocols: clear2}
	defer prior.CloseIdleConnections()
	for _, test := range []struct {
		name   string
		client *http.Client
		url    string
		major  int
	}{
		{"HTTP/1.1", client(t, server, false), server.URL(), 1},
		{"HTTP/1.1 over TLS", client(t, server, false), server.HTTPSURL(), 1},
		{"HTTP/2 over TLS", client(t, server, true), server.HTTPSURL(), 2},
		{"HTTP/2 in clear text", &http.Client{Transport: prior, Timeout: patience}, server.URL(), 2},
		{"another name of the certificate", client(t, server, true), at(server.HTTPSURL(), "localhost"), 2},
	} {
		got := get(t, test.client, test.url+"/users/1")
		if got.ProtoMajor != test.major || got.StatusCode != 200 || !strings.Contains(got.body, "Ada Lovelace") {
			t.Errorf("%s: %s %s %q", test.name, got.Proto, got.Status, got.body)
		}
	}
}

func TestHandlerWithoutASocket(t *testing.T) {
	server := start(t, Options{})
	for path, want := range map[string]int{"/users/3": 200, "/get": 200, "/evil/json-key/3": 200, "/evil/reason/3": 400, "/broken/reset": 400} {
		recorder := httptest.NewRecorder()
		server.Handler().ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, path, nil))
		if recorder.Code != want {
			t.Errorf("%s: %d, want %d", path, recorder.Code, want)
		}
	}
	if stats := server.Stats(); stats.Requests != 5 || stats.InFlight != 0 || stats.Aborted != 0 || stats.ConnectionsOpened != 0 {
		t.Errorf("stats %+v", stats)
	}
}

func TestStartRefusesBadAddresses(t *testing.T) {
	server := start(t, Options{})
	taken := strings.TrimPrefix(server.URL(), "http://")
	for _, options := range []Options{{Addr: "nonsense"}, {Addr: taken}, {TLSAddr: taken}, {Addr: "127.0.0.1:99999"}} {
		if second, err := Start(options); err == nil {
			second.Close()
			t.Errorf("%+v: no error", options)
		}
	}
}

func TestAuthoritiesDiffer(t *testing.T) {
	one, two := start(t, Options{}), start(t, Options{})
	if one.CA().Equal(two.CA()) {
		t.Error("two servers have one CA")
	}
	if !one.CA().Equal(one.CA()) {
		t.Error("a server's CA changes")
	}
	stranger := client(t, two, true)
	if _, err := stranger.Get(one.HTTPSURL()); err == nil {
		t.Error("a client that trusts another CA got an answer")
	}
}

func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		server, err := Start(Options{})
		if err != nil {
			b.Fatal(err)
		}
		server.CA()
		server.Close()
	}
}
