// Package h1 is the client's half of HTTP/1.1 on one connection: bytes in, bytes out (RFC 9112). It knows no TLS, pool, URL or
// deadline: whoever makes a Conn hands it something to read and write, and puts limits of time into that.
//
// An exchange is
//
//	c.WriteRequest(method, target, headers, body)         // or WriteHead, WriteBody …, CloseBody
//	response, err := c.ReadResponse(nil)
//	for !c.Ended() { n, err := c.ReadBody(p); … }
//	if c.Reusable() { … the next one … }
//
// The two halves may run on two goroutines, one that writes and one that reads: a server may answer before it has seen the
// whole request. Reusable is asked when both are done.
//
// # What goes out
//
// Header fields go out in the order and case they were given, in one Write with the request line and with a body that is at
// hand. The framing is what the fields say: Content-Length or Transfer-Encoding: chunked, else there is no body. Nothing is
// cleaned or added; what would break the syntax, or the promised length, is refused before a byte of it is written.
//
// # What comes in
//
// A head is read as Python's h11 reads it: a bare LF ends a line, folded lines are joined, values may hold any byte from 0x80.
// Stricter than most clients are: a sign or a leading zero in the status code, a blank before a colon, control characters in
// values, any transfer coding but a single "chunked", differing or malformed lengths, and "chunked" from HTTP/1.0 are
// errors. testdata/responses.txt has a verdict for each such case. When a response has both a length and chunks, the chunks
// win and the connection is not used again. A connection is Reusable only when the message ended exactly where the bytes did.
//
// Everything is bounded: a head or trailer by MaxHead bytes and MaxLines lines, interim responses by MaxInterim, the line of a
// chunk's size by 4 KiB. Names and values are substrings of one string that holds the whole head.
package h1
