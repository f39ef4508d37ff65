// Package engine is the asynchronous HTTP client: how one HTTP exchange happens. "Engine" means the HTTP engine, not
// the JavaScript engine, of which this package has never heard; it can be used from Go alone.
//
// It mirrors Python HTTPX's AsyncClient: a Client sends a Request through three rings, authentication, redirects and one
// send, to a Transport, and gives back a Response whose body is read when it is asked for.
//
// # One goroutine, no locks held while waiting
//
// The rings, the Response and all content decoding run on the goroutine that calls them: they start no goroutine, and
// they wait in two kinds of place only, Transport.RoundTrip and ByteStream.Next (and in the hooks, authentication flows and
// contents that a caller supplies). No lock is held across such a wait. So a caller may run them on a coroutine and
// suspend it there: that is how the JavaScript binding makes one code serve many requests on one event loop, in an order
// that can be recorded and replayed. Goroutines live below the seam, in the network transport.
//
// Clock and randomness come from the client's options, never from the process.
package engine
