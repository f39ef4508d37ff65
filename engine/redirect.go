package engine

import "strings"

// redirectRequest is the request that a redirect response asks for. A Location that cannot be used is a RemoteProtocolError.
func (c *Client) redirectRequest(request *Request, response *Response) (*Request, error) {
	u, err := redirectURL(request, response)
	if err != nil {
		return nil, err
	}
	method := redirectMethod(request.Method, response.StatusCode)
	next := &Request{
		Method:          method,
		URL:             u,
		Headers:         redirectHeaders(request, u, method),
		Content:         request.Content,
		Extensions:      make(map[string]any, len(request.Extensions)),
		MaxResponseSize: request.MaxResponseSize,
		body:            request.body,
		loaded:          request.loaded,
	}
	if method != request.Method && method == "GET" {
		next.Content, next.body, next.loaded = nil, nil, false
	}
	for key, value := range request.Extensions {
		// Both belong to the URL that the caller wrote: the second hop has a target and a server name of its own.
		if key != "target" && (key != "sni_hostname" || sameOrigin(request.URL, u)) {
			next.Extensions[key] = value
		}
	}
	setCookieHeader(next.Headers, c.cookies, u, c.clock())
	return next, nil
}

// redirectMethod is what browsers do (and HTTPX): 303 and 302 ask for a GET, except of a HEAD; 301 changes only POST.
func redirectMethod(method string, status int) string {
	switch {
	case (status == 303 || status == 302) && method != "HEAD":
		return "GET"
	case status == 301 && method == "POST":
		return "GET"
	}
	return method
}

// redirectURL resolves the Location against the URL of the request. A fragment is carried over (RFC 9110, section 10.2.2).
func redirectURL(request *Request, response *Response) (*URL, error) {
	location, _ := response.Headers.Get("Location")
	u, err := ParseURL(location)
	if err == nil && u.Scheme() != "" && u.Host() == "" {
		// "https://:443/" names no host; the one of the request is meant.
		host := request.URL.RawHost()
		u, err = u.CopyWith(URLComponents{Host: &host})
	}
	if err == nil && !u.IsAbsolute() {
		u, err = request.URL.Join(location)
	}
	if fragment := request.URL.Fragment(); err == nil && fragment != "" && u.Fragment() == "" {
		u, err = u.CopyWith(URLComponents{Fragment: &fragment})
	}
	if err != nil {
		e := NewError(RemoteProtocolError, request, "Invalid URL in location header: %w.", err)
		e.Phase = "redirect"
		return nil, e
	}
	return u, nil
}

// redirectHeaders are the headers for the next hop. Credentials do not leave their origin, and what was taken out once does not
// come back on a later hop, because each hop starts from the headers of the one before. Cookies are chosen anew from the jar.
func redirectHeaders(request *Request, u *URL, method string) *Headers {
	var fields [][2]string
	crossing := !sameOrigin(request.URL, u)
	guarded := crossing && !isHTTPSUpgrade(request.URL, u)
	bodyDropped := method != request.Method && method == "GET"
	for _, field := range request.Headers.Raw() {
		name := field[0]
		switch {
		case equalFoldASCII(name, "Cookie"),
			guarded && staysAtOrigin(name),
			bodyDropped && (equalFoldASCII(name, "Content-Length") || equalFoldASCII(name, "Transfer-Encoding")):
			continue
		case crossing && equalFoldASCII(name, "Host"):
			field[1] = u.Netloc()
		}
		fields = append(fields, field)
	}
	return NewHeaders(fields)
}

// sameOrigin compares scheme, host and port (RFC 6454).
func sameOrigin(a, b *URL) bool { return a.Origin() == b.Origin() }

// isHTTPSUpgrade tells whether b is the same host as a, reached by https instead of http, both on their default port.
func isHTTPSUpgrade(a, b *URL) bool {
	if a.Scheme() != "http" || b.Scheme() != "https" || a.RawHost() != b.RawHost() {
		return false
	}
	return defaultPort(a, 80) && defaultPort(b, 443)
}

func defaultPort(u *URL, usual int) bool {
	port, explicit := u.Port()
	return !explicit || port == usual
}

// originHeaders are headers that carry credentials or signatures made for one origin: the header list of the transcripts'
// redaction rules. Names are compared in lower case with "_" as "-".
var originHeaders = map[string]bool{
	"authorization": true, "proxy-authorization": true, "cookie": true, "api-key": true, "apikey": true, "dpop": true,
	"x-api-key": true, "x-auth-token": true, "x-access-token": true, "x-csrf-token": true, "x-xsrf-token": true,
	"x-session-token": true, "x-amz-security-token": true, "x-amz-credential": true, "x-goog-api-key": true,
	"x-goog-iam-authorization-token": true, "x-ms-authorization-auxiliary": true, "ocp-apim-subscription-key": true,
	"x-functions-key": true, "x-vault-token": true, "x-gitlab-token": true, "private-token": true, "x-github-token": true,
	"x-hub-signature": true, "x-hub-signature-256": true, "x-shopify-access-token": true, "stripe-signature": true,
	"x-twilio-signature": true, "x-slack-signature": true, "x-forwarded-authorization": true, "x-client-cert": true,
	"x-client-data": true,
}

// staysAtOrigin tells whether a header never crosses an origin on a redirect: one of originHeaders, or one whose name says that
// it holds a secret. Sec-WebSocket-Key only looks like one.
func staysAtOrigin(name string) bool {
	name = strings.ReplaceAll(strings.ToLower(name), "_", "-")
	if name == "sec-websocket-key" {
		return false
	}
	if originHeaders[name] || strings.HasSuffix(name, "-key") || strings.HasSuffix(name, "-signature") {
		return true
	}
	for _, word := range [...]string{"token", "secret", "password", "apikey"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}
