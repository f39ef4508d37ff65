package lab

import "strings"

// malformed answers are fixed bytes, after which the connection is closed. What RFC 9112 says of each, and what
// clients do, differs; a client should decide about every one of them.
var malformed = []struct{ kind, about, answer string }{
	{"close", "the connection is closed without a byte", ""},
	{"truncated", "18 of 100 bytes", bodyBegun},
	{"truncated-head", "a head that ends in the middle", headBegun},
	{"truncated-chunk", "a chunk that ends in the middle", chunked + "20\r\nhalf of the chunk"},
	{"no-last-chunk", "chunks without the last one", chunked + "5\r\nhello\r\n"},
	{"bad-chunk", "a chunk size that is no number", chunked + "5\r\nhello\r\nzz\r\nworld\r\n0\r\n\r\n"},
	{"negative-chunk", "a chunk size below zero", chunked + "-5\r\nhello\r\n0\r\n\r\n"},
	{"huge-chunk", "a chunk size over 64 bits", chunked + "fffffffffffffffff\r\nhello\r\n0\r\n\r\n"},
	{"long-chunk", "a chunk longer than its size", chunked + "3\r\nhello\r\n0\r\n\r\n"},
	{"bad-length", "a Content-Length that is no number", okLine + "Content-Length: ten\r\n\r\nhello"},
	{"negative-length", "a Content-Length below zero", okLine + "Content-Length: -5\r\n\r\nhello"},
	{"plus-length", "a Content-Length with a sign", okLine + "Content-Length: +5\r\n\r\nhello"},
	{"huge-length", "a Content-Length over 64 bits", okLine + "Content-Length: 99999999999999999999\r\n\r\nhello"},
	{"list-length", "one Content-Length with two equal values", okLine + "Content-Length: 5, 5\r\n\r\nhello"},
	{"two-lengths", "two Content-Lengths that differ", okLine + "Content-Length: 5\r\nContent-Length: 3\r\n\r\nhello"},
	{"same-lengths", "two Content-Lengths that agree", okLine + "Content-Length: 5\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"},
	{"length-and-chunked", "a Content-Length and chunks", okLine + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"},
	{"unknown-transfer", "a transfer coding that nobody knows", okLine + "Transfer-Encoding: rot13, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"},
	{"chunked-1.0", "chunks in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"},
	{"extra", "bytes after the body", okLine + "Content-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret"},
	{"bad-status", "a status that is no number", "HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n"},
	{"plus-status", "a status with a sign", "HTTP/1.1 +20 OK\r\nContent-Length: 0\r\n\r\n"},
	{"low-status", "the status 099", "HTTP/1.1 099 Low\r\nContent-Length: 0\r\n\r\n"},
	{"long-status", "a status of four digits", "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n"},
	{"no-reason", "no reason phrase and no space before it", "HTTP/1.1 204\r\n\r\n"},
	{"http-1.2", "a version that does not exist", "HTTP/1.2 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"},
	{"http-2-text", "HTTP/2.0 as a text line", "HTTP/2.0 200 OK\r\nContent-Length: 5\r\n\r\nhello"},
	{"http-0.9", "a body without a head", "<p>An answer from 1991.</p>\n"},
	{"garbage", "bytes that are no HTTP", "\x16\x03\x01\x00\x05\x00\xff\xfe\x80\x81 SSH-2.0-lab \x00\x01\x02\x03\r\n\r\n"},
	{"bare-lf", "lines that end in LF alone", "HTTP/1.1 200 OK\nContent-Length: 5\nConnection: close\n\nhello"},
	{"bare-cr", "a CR inside a header value", okLine + "X-Bad: a\rb\r\nContent-Length: 0\r\n\r\n"},
	{"space-before-colon", "a space between a header's name and its colon", okLine + "X-Bad : 1\r\nContent-Length: 0\r\n\r\n"},
	{"space-in-name", "a space in a header's name", okLine + "X Bad: 1\r\nContent-Length: 0\r\n\r\n"},
	{"no-colon", "a header line without a colon", okLine + "X-Bad\r\nContent-Length: 0\r\n\r\n"},
	{"empty-name", "a header without a name", okLine + ": 1\r\nContent-Length: 0\r\n\r\n"},
	{"folded", "a header value over two lines", okLine + "X-Folded: one\r\n two\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"},
	{"nul", "a NUL in a header value", okLine + "X-Bad: a\x00b\r\nContent-Length: 0\r\n\r\n"},
	{"latin-1", "bytes above 0x7f in a header value", okLine + "X-Latin: caf\xe9\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"},
	{"long-header", "a header value of 1 MiB", okLine + "X-Long: " + strings.Repeat("x", 1<<20) + "\r\nContent-Length: 0\r\n\r\n"},
	{"many-headers", "5,000 header lines", okLine + strings.Repeat("X-Many: 1\r\n", 5000) + "Content-Length: 0\r\n\r\n"},
	{"switch", "101 that nobody asked for", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: lab\r\nConnection: Upgrade\r\n\r\nnot HTTP"},
	{"wrong-coding", "gzip that is none", okLine + "Content-Encoding: gzip\r\nContent-Length: 10\r\nConnection: close\r\n\r\nplain text"},
	{"truncated-gzip", "gzip that ends in its head", okLine + "Content-Encoding: gzip\r\nContent-Length: 10\r\nConnection: close\r\n\r\n\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"},
}

func malformedFaults() []fault {
	var list []fault
	for _, m := range malformed {
		list = append(list, fault{m.kind, "", m.about, func(_ *Server, t *wire, _ faultOptions) { t.last(m.answer) }})
	}
	return list
}
