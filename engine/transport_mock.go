package engine

import (
	"context"
	"sync/atomic"
)

// MockTransport answers requests with a function.
type MockTransport struct {
	handler func(ctx context.Context, request *Request) (*Response, error)
	closed  atomic.Bool
}

// NewMockTransport makes a MockTransport. The content of a request is loaded before the handler is called.
func NewMockTransport(handler func(ctx context.Context, request *Request) (*Response, error)) *MockTransport {
	return &MockTransport{handler: handler}
}

// RoundTrip calls the handler.
func (m *MockTransport) RoundTrip(ctx context.Context, request *Request) (*Response, error) {
	if m.closed.Load() {
		return nil, transportClosed(request)
	}
	if _, err := request.Read(ctx); err != nil {
		return nil, err
	}
	response, err := m.handler(ctx, request)
	if err == nil && response == nil {
		return nil, NewError(RuntimeError, request, "The handler of the mock transport returned no response.")
	}
	return response, err
}

// Close makes later requests fail.
func (m *MockTransport) Close() error {
	m.closed.Store(true)
	return nil
}

func transportClosed(request *Request) *Error {
	return NewError(RuntimeError, request, "Cannot send a request, as the transport has been closed.")
}
