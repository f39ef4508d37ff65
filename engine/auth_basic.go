package engine

import (
	"context"
	"encoding/base64"
)

// BasicAuth sends a user name and password with every request (RFC 7617), in UTF-8.
type BasicAuth struct{ header string }

// NewBasicAuth makes a BasicAuth.
func NewBasicAuth(username, password string) *BasicAuth {
	return &BasicAuth{header: basicHeader(username, password)}
}

func basicHeader(username, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(username+":"+password))
}

// Flow sets Authorization, in place of one that was there, and sends.
func (b *BasicAuth) Flow(_ context.Context, request *Request, send func(*Request) (*Response, error)) (*Response, error) {
	request.Headers.Set("Authorization", b.header)
	return send(request)
}

// String keeps the credentials out of what is printed.
func (b *BasicAuth) String() string { return "BasicAuth([secure])" }
