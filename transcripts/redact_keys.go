package transcripts

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"strings"
)

// keyRule says when the value under a name is secret.
type keyRule int

const (
	keyNever  keyRule = iota
	keyAlways         // whatever it is
	keyLong           // when it is long: the name also has innocent uses ("state", "code", "key")
)

// defaultKeys holds names of query, form, JSON and XML members, normalised: compared whole, without case, '-' and '_'.
var defaultKeys = func() map[string]keyRule {
	m := map[string]keyRule{}
	for _, key := range strings.Fields(`access_token refresh_token id_token token auth_token api_key apikey client_secret
		client_assertion assertion code_verifier password passwd pwd secret session_id jwt sig signature AWSAccessKeyId X-Amz-Signature
		X-Amz-Credential X-Amz-Security-Token X-Goog-Signature X-Goog-Credential GoogleAccessId SAMLRequest SAMLResponse
		authenticity_token otp pin passphrase private_key secret_key credentials connection_string bearer csrf_token xsrf_token`) {
		m[normalKey(key)] = keyAlways
	}
	for _, key := range strings.Fields(`key auth code state nonce session sid`) {
		m[key] = keyLong
	}
	return m
}()

const (
	longInBody  = 16 // characters that make a keyLong value secret in a body
	longInQuery = 8  // and in a query: "state=open" is no secret
)

var secretHeaders = func() map[string]bool {
	m := map[string]bool{}
	for _, name := range strings.Fields(`x-api-key api-key apikey x-auth-token x-access-token x-csrf-token x-xsrf-token x-session-token
		x-amz-security-token x-amz-credential x-goog-api-key x-goog-iam-authorization-token x-ms-authorization-auxiliary
		ocp-apim-subscription-key x-functions-key x-vault-token x-gitlab-token private-token x-github-token x-hub-signature
		x-hub-signature-256 x-shopify-access-token stripe-signature x-twilio-signature x-slack-signature x-client-cert x-client-data dpop`) {
		m[name] = true
	}
	return m
}()

// normalKey is key in lower case without '-' and '_'.
func normalKey(key string) string {
	normal := make([]byte, 0, maxName)
	for i := 0; i < len(key); i++ {
		switch b := key[i]; {
		case b == '-' || b == '_':
		case b >= 'A' && b <= 'Z':
			normal = append(normal, b|0x20)
		default:
			normal = append(normal, b)
		}
	}
	return string(normal)
}

// secretWord reports a normalised name that speaks of a secret.
func secretWord(name string) bool {
	return strings.Contains(name, "token") || strings.Contains(name, "secret") || strings.Contains(name, "password") || strings.Contains(name, "apikey")
}

func (r *Redactor) rule(key string) keyRule {
	if len(key) > maxName {
		return keyNever
	}
	return r.keys[normalKey(key)]
}

// secretMember decides on a value under a key.
func (r *Redactor) secretMember(key, value string, long int) bool {
	switch r.rule(key) {
	case keyAlways:
		return value != ""
	case keyLong:
		return len(value) >= long
	}
	return false
}

// headerClass says what of a header's value is secret.
type headerClass int

const (
	plainHeader       headerClass = iota
	credentialsHeader             // what follows the scheme
	cookieHeader                  // the values
	setCookieHeader               // the first value
	challengeHeader               // nonces
	urlHeader                     // parts of a URL
	secretHeader                  // all of it
)

const maxClasses = 1000 // header names whose class is remembered

func (r *Redactor) class(name string) headerClass {
	class, ok := r.classes[name]
	if !ok {
		class = r.classify(strings.ToLower(name))
		if len(r.classes) < maxClasses {
			r.classes[name] = class
		}
	}
	return class
}

func (r *Redactor) classify(name string) headerClass {
	if r.allow[name] {
		return plainHeader
	}
	switch name {
	case "authorization", "proxy-authorization", "x-forwarded-authorization":
		return credentialsHeader
	case "cookie":
		return cookieHeader
	case "set-cookie":
		return setCookieHeader
	case "www-authenticate", "proxy-authenticate", "authentication-info", "proxy-authentication-info":
		return challengeHeader
	case "location", "content-location", "referer", "link", "refresh":
		return urlHeader
	}
	normal := normalKey(name)
	if secretHeaders[name] || r.keys[normal] == keyAlways || secretWord(normal) || strings.HasSuffix(name, "-key") || strings.HasSuffix(name, "-signature") {
		return secretHeader
	}
	return plainHeader
}

// headers returns pairs with the values of secret headers replaced; pairs itself stays as it is.
func (r *Redactor) headers(pairs [][2]string) [][2]string {
	var changed [][2]string
	for i, h := range pairs {
		value := r.header(h[0], h[1])
		if value == h[1] {
			continue
		}
		if changed == nil {
			changed = append(changed, pairs...)
		}
		changed[i][1] = value
	}
	if changed != nil {
		return changed
	}
	return pairs
}

func (r *Redactor) header(name, value string) string {
	switch r.class(name) {
	case credentialsHeader:
		return r.credentials(strings.ToLower(name), value)
	case cookieHeader:
		return r.cookies(value)
	case setCookieHeader:
		first, attributes, more := strings.Cut(value, ";")
		first = r.cookies(first)
		if more {
			return first + ";" + r.Text(attributes)
		}
		return first
	case challengeHeader:
		return r.challenge(value)
	case urlHeader:
		return r.url(value)
	case secretHeader:
		return r.placeholder(strings.ToLower(name), value)
	}
	return r.Text(value)
}

// credentials keeps the scheme. Basic credentials are named by their password, so that the header that a replay makes of
// user:{{secret.P}} comes out the same.
func (r *Redactor) credentials(name, value string) string {
	scheme, rest, ok := strings.Cut(value, " ")
	if !ok || strings.Trim(strings.ToLower(scheme), "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return r.placeholder(name, value)
	}
	if strings.EqualFold(scheme, "basic") {
		plain, err := base64.StdEncoding.DecodeString(rest)
		user, password, both := strings.Cut(string(plain), ":")
		if err == nil && both {
			if password == "" {
				return scheme + " " + r.placeholder("username", user)
			}
			return scheme + " " + r.placeholder("password", password)
		}
	}
	return scheme + " " + r.placeholder(name, rest)
}

// shortCookie is the length below which a cookie's value is no credential, unless its name says so: it could be guessed
// anyway, and replacing a value such as "dark" wherever it appears would spoil the text.
const shortCookie = 8

func (r *Redactor) secretCookie(name, value string) bool {
	normal := normalKey(name)
	_, known := r.keys[normal]
	return len(value) >= shortCookie || known || secretWord(normal)
}

func (r *Redactor) cookies(value string) string {
	pairs := strings.Split(value, ";")
	for i, pair := range pairs {
		name, v, ok := strings.Cut(pair, "=")
		if !ok {
			pairs[i] = r.Text(pair)
			continue
		}
		quote := ""
		if len(v) > 1 && v[0] == '"' && v[len(v)-1] == '"' {
			quote, v = `"`, v[1:len(v)-1]
		}
		if !r.secretCookie(strings.TrimSpace(name), v) {
			pairs[i] = r.Text(pair)
			continue
		}
		pairs[i] = name + "=" + quote + r.placeholder(strings.TrimSpace(name), v) + quote
	}
	return strings.Join(pairs, ";")
}

var challengeParam = regexp.MustCompile(`(?i)\b(nonce|opaque|nextnonce|rspauth|cnonce)\s*=\s*(?:"([^"]*)"|([^\s,"]+))`)

func (r *Redactor) challenge(value string) string {
	var spans []span
	for _, m := range challengeParam.FindAllStringSubmatchIndex(value, -1) {
		from, to := m[4], m[5]
		if from < 0 {
			from, to = m[6], m[7]
		}
		spans = append(spans, span{from, to, r.placeholder(strings.ToLower(value[m[2]:m[3]]), value[from:to])})
	}
	return replace(value, r.forms.find(spans, value))
}

// userinfo finds user and password in every URL of text.
func (r *Redactor) userinfo(spans []span, text string) []span {
	for at := 0; ; {
		i := strings.Index(text[at:], "://")
		if i < 0 {
			return spans
		}
		at += i + 3
		end := strings.IndexAny(text[at:], "/?# \t\r\n\"'`<>\\")
		if end < 0 {
			end = len(text) - at
		}
		authority := text[at : at+end]
		k := strings.LastIndexByte(authority, '@')
		if k <= 0 {
			continue
		}
		user, password, both := strings.Cut(authority[:k], ":")
		spans = r.part(spans, at, "username", user)
		if both {
			spans = r.part(spans, at+len(user)+1, "password", password)
		}
	}
}

// part hides one percent-encoded value that stands at a position of the text.
func (r *Redactor) part(spans []span, at int, key, value string) []span {
	if value == "" || isPlaceholder(value) || strings.HasPrefix(value, "${") {
		return spans
	}
	plain, err := url.PathUnescape(value)
	if err != nil {
		plain = value
	}
	return append(spans, span{at, at + len(value), r.placeholder(key, plain)})
}

// query finds name=value after ?, & and # in every URL of text.
func (r *Redactor) query(spans []span, text string) []span {
	if !strings.ContainsAny(text, "?#") {
		return spans
	}
	return r.members(spans, text, "?&#;", "&#; \t\r\n\"'`<>", longInQuery)
}

// members finds name=value, where a name follows one of the bytes in before (or the beginning, when before has "^") and a
// value ends at one of the bytes in after.
func (r *Redactor) members(spans []span, text, before, after string, long int) []span {
	for at := 0; at < len(text); {
		i := strings.IndexByte(text[at:], '=')
		if i < 0 {
			break
		}
		eq := at + i
		at = eq + 1
		name := eq
		for name > 0 && eq-name <= maxName && !strings.ContainsRune(before, rune(text[name-1])) {
			name--
		}
		if name == 0 && before[0] != '^' || eq-name > maxName || name == eq {
			continue
		}
		end := strings.IndexAny(text[at:], after)
		if end < 0 {
			end = len(text) - at
		}
		value := text[at : at+end]
		key, err := url.QueryUnescape(text[name:eq])
		if err != nil || isPlaceholder(value) || strings.HasPrefix(value, "${") {
			continue
		}
		plain, err := url.QueryUnescape(value)
		if err != nil {
			plain = value
		}
		if r.secretMember(key, plain, long) {
			spans = append(spans, span{at, at + end, r.placeholder(key, plain)})
		}
	}
	return spans
}

var literalPattern = regexp.MustCompile("(?i)\\b([a-z_][a-z0-9_-]{1,40})[\"'`]?\\]?\\s*[:=]\\s*(?:\"([^\"\\\\\\n]*)\"|'([^'\\\\\\n]*)'|`([^`\\\\$\\n]*)`)")

// literalAuth is a user's name and password as a program gives them: auth: ["…", "…"], new httpx.BasicAuth("…", "…").
var literalAuth = regexp.MustCompile("(?:\\bauth[\"']?\\s*[:=]\\s*\\[|\\b(?:Basic|Digest)Auth\\s*\\()\\s*(?:\"[^\"\\n]*\"|'[^'\\n]*'|`[^`\\n]*`)\\s*,\\s*" +
	"(?:\"([^\"\\\\\\n]*)\"|'([^'\\\\\\n]*)'|`([^`\\\\$\\n]*)`)")

// literals finds string literals of a program that stand under a secret name: password: "…", apiKey = '…', a secret
// header's, a password's.
func (r *Redactor) literals(spans []span, source string) []span {
	for _, m := range literalAuth.FindAllStringSubmatchIndex(source, -1) {
		for g := 2; g < len(m); g += 2 {
			if m[g] >= 0 && m[g] < m[g+1] && !isPlaceholder(source[m[g]:m[g+1]]) {
				spans = append(spans, span{m[g], m[g+1], r.placeholder("password", source[m[g]:m[g+1]])})
			}
		}
	}
	for _, m := range literalPattern.FindAllStringSubmatchIndex(source, -1) {
		key := source[m[2]:m[3]]
		for g := 4; g < len(m); g += 2 {
			if m[g] < 0 {
				continue
			}
			value := source[m[g]:m[g+1]]
			switch r.class(key) {
			case credentialsHeader, cookieHeader, secretHeader:
				if hidden := r.header(key, value); hidden != value {
					spans = append(spans, span{m[g], m[g+1], hidden})
				}
				continue
			}
			if isPlaceholder(value) || !r.secretMember(key, value, longInBody) {
				continue
			}
			spans = append(spans, span{m[g], m[g+1], r.placeholder(key, value)})
		}
	}
	return spans
}
