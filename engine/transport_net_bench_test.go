package engine

import (
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// BenchmarkSmallGET is one whole exchange with a server in the same process; BenchmarkSmallGETStandard is the same with http.Client.
func BenchmarkSmallGET(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(`{"n":1}`)) }))
	defer server.Close()
	client, err := NewClient(ClientOptions{Clock: time.Now, Rand: rand.Reader})
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := client.Request(b.Context(), "GET", server.URL, RequestOptions{}, SendOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSmallGETStandard is the yard-stick.
func BenchmarkSmallGETStandard(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte(`{"n":1}`)) }))
	defer server.Close()
	defer http.DefaultClient.CloseIdleConnections()
	b.ReportAllocs()
	for b.Loop() {
		response, err := http.Get(server.URL)
		if err != nil {
			b.Fatal(err)
		}
		buffer := make([]byte, 100)
		response.Body.Read(buffer)
		response.Body.Read(buffer)
		response.Body.Close()
	}
}
