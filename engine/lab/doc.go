// Package lab is a server for learning and testing HTTP clients without a network. It listens on loopback, speaks
// HTTP/1.1 and HTTP/2 in clear text and over TLS, and answers as httpbin does (github.com/mccutchen/go-httpbin), with
// endpoints of its own in front for what httpbin lacks: chosen rhythms, every content coding, informational
// responses, slow uploads, failures that heal, raw protocol faults, decompression bombs, hostile terminal text.
//
// The guide:
//
//	server, err := lab.Start(lab.Options{})
//	defer server.Close()
//	http.Get(server.URL() + "/delay/0.25")
//
// Trust server.CA() to speak to server.HTTPSURL(). GET /help lists every endpoint; the list is the table that the
// routes are made from (endpoints.go), so it is always true. To add an endpoint, write its handler and add its row.
//
// What the server saw is in Stats: connections, requests, how many ran at once, how many the client gave up. Wait and
// WaitAborted block until the counters say so; a test never has to sleep to see that a socket was closed.
//
// Three habits hold everywhere. A handler's only way to let time pass is Options.Sleep, so a test can bring its own
// clock (go-httpbin's own slow endpoints, /drip and /jsonl, use real time). A handler ends when its client leaves. And
// everything a client can ask for has a bound: 60 seconds for a pause, 1 GiB for a streamed body, 16 MiB for a body
// that is held in memory, 100,000 pieces; a request for more is answered 400 with the bound. The endless faults end with
// their client, or after a minute.
//
// The files: server, listener, stats and authority are the machine; endpoints is the table; query reads parameters;
// the other files hold a family of endpoints each. The raw families (broken, evil) take the connection over and
// write bytes that net/http would refuse to send; they need HTTP/1.1 over a socket.
package lab
