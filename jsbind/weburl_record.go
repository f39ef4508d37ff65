package jsbind

import (
	"strings"
)

// urlRecord is the URL standard's URL record: what the URL class is a view of.
//
// Scheme, username, password, host and path are kept as they are serialised. A path that is not opaque is a list of
// segments, each preceded by a slash: "" is the empty list, "/" a list of one empty segment.
type urlRecord struct {
	scheme             string
	username, password string
	host               *string // nil: there is none, which differs from an empty one
	port               int     // noPort: none, or the scheme's own
	path               string
	opaque             bool // path is one opaque text, as in mailto:
	query, fragment    *string
}

const noPort = -1

// specialPorts are the special schemes with their default ports.
var specialPorts = map[string]int{"ftp": 21, "file": noPort, "http": 80, "https": 443, "ws": 80, "wss": 443}

func isSpecial(scheme string) bool {
	_, ok := specialPorts[scheme]
	return ok
}

// defaultPort is noPort for a scheme that has none.
func defaultPort(scheme string) int {
	if port, ok := specialPorts[scheme]; ok {
		return port
	}
	return noPort
}

func (u *urlRecord) special() bool { return isSpecial(u.scheme) }

func (u *urlRecord) hasCredentials() bool { return u.username != "" || u.password != "" }

// fixedAuthority tells that the URL cannot have a username, a password or a port.
func (u *urlRecord) fixedAuthority() bool {
	return u.host == nil || *u.host == "" || u.scheme == "file"
}

// Href is the URL as one text. It is what the client takes as an address.
func (u *urlRecord) Href() string { return u.serialize(u.password) }

// masked is Href with the password hidden.
func (u *urlRecord) masked() string {
	if u.password == "" {
		return u.Href()
	}
	return u.serialize("[secure]")
}

func (u *urlRecord) serialize(password string) string {
	var b strings.Builder
	b.WriteString(u.scheme + ":")
	if u.host != nil {
		b.WriteString("//")
		if u.hasCredentials() {
			b.WriteString(u.username)
			if password != "" {
				b.WriteString(":" + password)
			}
			b.WriteByte('@')
		}
		b.WriteString(u.hostPort())
	} else if !u.opaque && strings.HasPrefix(u.path, "//") {
		b.WriteString("/.") // or the path would read as a host
	}
	b.WriteString(u.path)
	if u.query != nil {
		b.WriteString("?" + *u.query)
	}
	if u.fragment != nil {
		b.WriteString("#" + *u.fragment)
	}
	return b.String()
}

// hostPort is the host with the port, where there is one.
func (u *urlRecord) hostPort() string {
	switch {
	case u.host == nil:
		return ""
	case u.port == noPort:
		return *u.host
	}
	return *u.host + ":" + u.portText()
}

// origin is the serialised origin; "null" is an opaque one, which a file URL has too.
func (u *urlRecord) origin() string {
	switch u.scheme {
	case "blob":
		inner, err := parseURL(u.path, nil)
		if err == nil && (inner.scheme == "http" || inner.scheme == "https") {
			return inner.origin()
		}
	case "ftp", "http", "https", "ws", "wss":
		return u.scheme + "://" + u.hostPort()
	}
	return "null"
}
