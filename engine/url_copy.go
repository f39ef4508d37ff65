package engine

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// URLComponents are parts of a URL to be replaced. A nil field leaves its part as it is.
type URLComponents struct {
	Scheme   *string
	Username *string // given without Password, removes the password
	Password *string
	Userinfo *string // "name:password", percent-encoded where it needs to be
	Host     *string // an IPv6 address with or without brackets
	Port     *int    // -1 removes the port
	Netloc   *string // host and port
	Path     *string
	Query    *string
	RawPath  *string // path and query
	Params   *QueryParams
	Fragment *string

	NoQuery    bool // removes the query and its "?"
	NoFragment bool // removes the fragment and its "#"
}

// NewURL parses s and then replaces components of it, as HTTPX's URL(s, **components) does.
func NewURL(s string, components URLComponents) (*URL, error) {
	u, err := ParseURL(s)
	if err != nil {
		return nil, err
	}
	return u.CopyWith(components)
}

// CopyWith gives a copy in which the components given are replaced. Errors are InvalidURL.
func (u *URL) CopyWith(c URLComponents) (*URL, error) {
	r := reference{
		scheme: u.scheme, userinfo: u.userinfo, host: u.host, path: u.path,
		query: u.query, hasQuery: u.hasQuery, fragment: u.fragment, hasFragment: u.hasFragment,
	}
	if u.port != -1 {
		r.port = strconv.Itoa(u.port)
	}
	if c.Scheme != nil {
		r.scheme = *c.Scheme
	}
	if c.Userinfo != nil {
		r.userinfo = *c.Userinfo
	}
	if c.Username != nil || c.Password != nil {
		r.userinfo = ""
		if c.Username != nil {
			r.userinfo = escape(*c.Username, nameSafe)
		}
		if c.Password != nil && *c.Password != "" {
			r.userinfo += ":" + escape(*c.Password, nameSafe)
		}
	}
	if c.Netloc != nil {
		r.host, r.port = splitNetloc(*c.Netloc)
	}
	if c.Host != nil {
		r.host = *c.Host
	}
	if strings.Contains(r.host, ":") && !(strings.HasPrefix(r.host, "[") && strings.HasSuffix(r.host, "]")) {
		r.host = "[" + r.host + "]"
	}
	if c.Port != nil {
		r.port = ""
		if *c.Port != -1 {
			r.port = strconv.Itoa(*c.Port)
		}
	}
	if c.RawPath != nil {
		r.path, r.query, r.hasQuery = strings.Cut(*c.RawPath, "?")
	}
	if c.Path != nil {
		r.path = *c.Path
	}
	if c.Query != nil {
		r.query, r.hasQuery = *c.Query, true
	}
	if c.Params != nil {
		r.query, r.hasQuery = c.Params.String(), c.Params.Len() > 0
	}
	if c.NoQuery {
		r.query, r.hasQuery = "", false
	}
	if c.Fragment != nil {
		r.fragment, r.hasFragment = *c.Fragment, true
	}
	if c.NoFragment {
		r.fragment, r.hasFragment = "", false
	}
	if err := r.validate(); err != nil {
		return nil, err
	}
	return r.normalise("")
}

// validate checks each component for characters that would leak into the next one (CVE-2021-41945).
func (r reference) validate() error {
	for _, component := range [...]struct {
		name, value, forbidden string
	}{
		{"scheme", r.scheme, ""}, {"userinfo", r.userinfo, "@"}, {"host", r.host, ""}, {"port", r.port, ""},
		{"path", r.path, "?#"}, {"query", r.query, "#"}, {"fragment", r.fragment, ""},
	} {
		if len(component.value) > maxURLLength && utf8.RuneCountInString(component.value) > maxURLLength {
			return NewError(InvalidURL, nil, "URL component '%s' too long", component.name)
		}
		if char, at := findControl(component.value); char != "" {
			return NewError(InvalidURL, nil, "Invalid non-printable ASCII character in URL %s component, %s at position %d.",
				component.name, char, at)
		}
		valid := !strings.ContainsAny(component.value, component.forbidden)
		if component.name == "scheme" {
			valid = component.value == "" || isScheme(component.value)
		}
		if !valid {
			return NewError(InvalidURL, nil, "Invalid URL component '%s'", component.name)
		}
	}
	return nil
}
