package jsbind_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// serve starts a server that handle answers, and returns its URL.
func serve(t *testing.T, handle http.HandlerFunc) string {
	server := httptest.NewServer(handle)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL
}
