package engine

import "strings"

// Link is one entry of a Link header (RFC 8288).
type Link struct {
	URL    string
	Params [][2]string // name and value in the order of the header, names in lower case
}

// Key is what HTTPX files the link under: its rel, or else its URL.
func (l Link) Key() string {
	for _, param := range l.Params {
		if param[0] == "rel" {
			return param[1]
		}
	}
	return l.URL
}

// Links are the entries of the Link headers. Of several with one Key the last counts, at the place of the first.
func (r *Response) Links() []Link {
	var links []Link
	header, _ := r.Headers.Get("Link")
	place := map[string]int{}
	for rest := header; rest != ""; {
		var link Link
		var ok bool
		if link, rest, ok = nextLink(rest); !ok {
			continue
		}
		if at, seen := place[link.Key()]; seen {
			links[at] = link
		} else {
			place[link.Key()] = len(links)
			links = append(links, link)
		}
	}
	return links
}

// nextLink reads one link and the comma after it. A link that is out of form is skipped up to its comma.
func nextLink(s string) (link Link, rest string, ok bool) {
	s = strings.TrimLeft(s, " \t,")
	if s == "" {
		return Link{}, "", false
	}
	end := strings.IndexByte(s, '>')
	if s[0] != '<' || end < 0 {
		_, rest, _ = strings.Cut(s, ",")
		return Link{}, rest, false
	}
	link.URL = s[1:end]
	s = s[end+1:]
	for {
		s = strings.TrimLeft(s, " \t")
		if s == "" || s[0] == ',' {
			return link, strings.TrimPrefix(s, ","), true
		}
		s = strings.TrimLeft(s, "; \t")
		stop := strings.IndexAny(s, "=;,")
		if stop < 0 {
			return link, "", true
		}
		name := strings.ToLower(strings.TrimSpace(s[:stop]))
		if s[stop] != '=' {
			s = s[stop:]
			continue
		}
		var value string
		value, s = linkValue(strings.TrimLeft(s[stop+1:], " \t"))
		if name != "" {
			link.Params = append(link.Params, [2]string{name, value})
		}
	}
}

// linkValue reads a token or a string in double or, as HTTPX allows, single quotes.
func linkValue(s string) (value, rest string) {
	if s == "" || s[0] != '"' && s[0] != '\'' {
		stop := strings.IndexAny(s, ";,")
		if stop < 0 {
			stop = len(s)
		}
		return strings.TrimSpace(s[:stop]), s[stop:]
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] == s[0]:
			return b.String(), s[i+1:]
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), ""
}
