package engine

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"strings"
	"sync"
)

// DigestAuth authenticates by challenge and response (RFC 7616, and RFC 2069 for servers without qop). The first request goes
// out without credentials; its challenge is kept and used for later requests to the same origin, with a rising nonce count.
type DigestAuth struct {
	username, password string
	rand               io.Reader

	mu   sync.Mutex // guards last and its count; never held over a wait
	last *digestChallenge
}

// digestChallenge is what a server asked for.
type digestChallenge struct {
	origin                          string
	realm, nonce, algorithm, opaque string
	hasOpaque                       bool
	qop                             string // the list as sent; "" when there was none
	hasQOP                          bool
	count                           uint32 // requests made with this nonce
}

// digestAlgorithms has every algorithm of RFC 7616 and those that HTTPX knows besides; "-SESS" is added to any of them.
var digestAlgorithms = map[string]func() hash.Hash{
	"MD5":         md5.New,
	"SHA":         sha1.New,
	"SHA-256":     sha256.New,
	"SHA-512":     sha512.New,
	"SHA-512-256": sha512.New512_256,
}

// NewDigestAuth makes a DigestAuth. Its client nonces are read from rand.
func NewDigestAuth(username, password string, rand io.Reader) *DigestAuth {
	return &DigestAuth{username: username, password: password, rand: rand}
}

// String keeps the credentials out of what is printed.
func (d *DigestAuth) String() string { return "DigestAuth([secure])" }

// Flow sends, and answers one challenge. A challenge that is out of form, or asks for what nobody knows, is a ProtocolError.
func (d *DigestAuth) Flow(ctx context.Context, request *Request, send func(*Request) (*Response, error)) (*Response, error) {
	if challenge, known := d.reuse(request.URL.Origin()); known {
		if err := d.authorize(ctx, request, challenge); err != nil {
			return nil, err
		}
	}
	response, err := send(request)
	if err != nil || response.StatusCode != 401 {
		return response, err
	}
	// A redirect may have led elsewhere: the password is not for a server that the caller did not name.
	if response.Request != nil && !sameOrigin(response.Request.URL, request.URL) {
		return response, nil
	}
	challenge, found, err := findDigestChallenge(request, response)
	if err != nil {
		response.Close()
		return nil, err
	}
	if !found {
		return response, nil
	}
	challenge.count = 1
	d.remember(challenge)
	if err := d.authorize(ctx, request, challenge); err != nil {
		response.Close()
		return nil, err
	}
	if cookies, err := response.Cookies(); err == nil && cookies.Len() > 0 {
		setCookieHeader(request.Headers, cookies, request.URL, response.now())
	}
	return send(request)
}

// reuse is the kept challenge of an origin, counted up.
func (d *DigestAuth) reuse(origin string) (digestChallenge, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.last == nil || d.last.origin != origin {
		return digestChallenge{}, false
	}
	d.last.count++
	return *d.last, true
}

func (d *DigestAuth) remember(challenge digestChallenge) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last = &challenge
}

// authorize sets the Authorization header that answers the challenge.
func (d *DigestAuth) authorize(ctx context.Context, request *Request, challenge digestChallenge) error {
	random := make([]byte, 8)
	if _, err := io.ReadFull(d.rand, random); err != nil {
		return NewError(RuntimeError, request, "no randomness for a client nonce: %w", err)
	}
	return d.authorizeWith(ctx, request, challenge, hex.EncodeToString(random))
}

func (d *DigestAuth) authorizeWith(ctx context.Context, request *Request, challenge digestChallenge, cnonce string) error {
	name := strings.TrimSuffix(strings.ToUpper(challenge.algorithm), "-SESS")
	newHash, known := digestAlgorithms[name]
	if !known {
		return digestError(request, "unknown Digest algorithm %s", quoted(challenge.algorithm))
	}
	digest := func(parts ...string) string {
		h := newHash()
		io.WriteString(h, strings.Join(parts, ":"))
		return hex.EncodeToString(h.Sum(nil))
	}
	qop, err := challenge.chooseQOP(request)
	if err != nil {
		return err
	}
	count := fmt.Sprintf("%08x", challenge.count)
	uri := request.URL.RawPath()

	ha1 := digest(d.username, challenge.realm, d.password)
	if strings.HasSuffix(strings.ToUpper(challenge.algorithm), "-SESS") {
		ha1 = digest(ha1, challenge.nonce, cnonce)
	}
	ha2 := digest(request.Method, uri)
	if qop == "auth-int" {
		body, err := request.Read(ctx)
		if err != nil {
			return err
		}
		ha2 = digest(request.Method, uri, digest(string(body)))
	}
	answer := digest(ha1, challenge.nonce, ha2)
	if qop != "" {
		answer = digest(ha1, challenge.nonce, count, cnonce, qop, ha2)
	}

	header := "Digest username=" + quotedString(d.username) + ", realm=" + quotedString(challenge.realm) +
		", nonce=" + quotedString(challenge.nonce) + ", uri=" + quotedString(uri) +
		`, response="` + answer + `", algorithm=` + challenge.algorithm
	if challenge.hasOpaque {
		header += ", opaque=" + quotedString(challenge.opaque)
	}
	if qop != "" {
		header += ", qop=" + qop + ", nc=" + count + `, cnonce="` + cnonce + `"`
	}
	request.Headers.Set("Authorization", header)
	return nil
}

// chooseQOP prefers "auth"; "" means that the server asked for the form of RFC 2069.
func (c digestChallenge) chooseQOP(request *Request) (string, error) {
	if !c.hasQOP || c.qop == "" {
		return "", nil
	}
	chosen := ""
	for _, option := range strings.Split(c.qop, ",") {
		switch strings.ToLower(strings.TrimSpace(option)) {
		case "auth":
			return "auth", nil
		case "auth-int":
			chosen = "auth-int"
		}
	}
	if chosen == "" {
		return "", digestError(request, "Unexpected qop value %s in digest auth", quoted(c.qop))
	}
	return chosen, nil
}

// findDigestChallenge picks the first Digest challenge of a response whose algorithm is known. With none but unknown ones it is
// a ProtocolError.
func findDigestChallenge(request *Request, response *Response) (digestChallenge, bool, error) {
	var unknown error
	for _, line := range response.Headers.GetList("WWW-Authenticate", false) {
		challenges, ok := parseChallenges(line)
		for _, fields := range challenges {
			if !strings.EqualFold(fields.scheme, "Digest") {
				continue
			}
			if !ok {
				return digestChallenge{}, false, digestError(request, "Malformed Digest WWW-Authenticate header")
			}
			challenge, err := fields.digest(request)
			if err != nil {
				return digestChallenge{}, false, err
			}
			name := strings.TrimSuffix(strings.ToUpper(challenge.algorithm), "-SESS")
			if _, known := digestAlgorithms[name]; known {
				return challenge, true, nil
			}
			unknown = digestError(request, "unknown Digest algorithm %s", quoted(challenge.algorithm))
		}
	}
	return digestChallenge{}, false, unknown
}

// digest reads the fields of a Digest challenge.
func (c authChallenge) digest(request *Request) (digestChallenge, error) {
	realm, hasRealm := c.params["realm"]
	nonce, hasNonce := c.params["nonce"]
	algorithm := c.params["algorithm"]
	if algorithm == "" {
		algorithm = "MD5"
	}
	if !hasRealm || !hasNonce || strings.IndexFunc(algorithm, notTokenRune) >= 0 {
		return digestChallenge{}, digestError(request, "Malformed Digest WWW-Authenticate header")
	}
	opaque, hasOpaque := c.params["opaque"]
	qop, hasQOP := c.params["qop"]
	return digestChallenge{
		origin: request.URL.Origin(), realm: realm, nonce: nonce, algorithm: algorithm,
		opaque: opaque, hasOpaque: hasOpaque, qop: qop, hasQOP: hasQOP,
	}, nil
}

func digestError(request *Request, format string, args ...any) error {
	e := NewError(ProtocolError, request, format, args...)
	e.Phase = "auth"
	return e
}

// quotedString writes a quoted-string of RFC 9110, section 5.6.4.
func quotedString(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
