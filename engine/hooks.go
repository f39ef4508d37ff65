package engine

import "context"

// RequestHook runs before every exchange, each redirect hop and each authentication step included. It may change the
// request; the change is sent. An error ends the send.
type RequestHook func(ctx context.Context, request *Request) error

// ResponseHook runs as soon as the head of a response has arrived, before its body is read and before its history is
// filled in. An error closes the response and ends the send.
type ResponseHook func(ctx context.Context, response *Response) error

// Hooks are a client's event hooks. They run in list order.
type Hooks struct {
	Request  []RequestHook
	Response []ResponseHook
}
