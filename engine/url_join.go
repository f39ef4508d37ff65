package engine

import "strings"

// Join resolves a reference against this URL as RFC 3986, section 5.2, says. A reference that repeats this URL's
// scheme and has no host counts as relative ("http:g", section 5.4.2).
func (u *URL) Join(ref string) (*URL, error) {
	r, err := ParseURL(ref)
	if err != nil {
		return nil, err
	}
	joined := *r
	switch {
	case r.scheme != "" && (r.scheme != u.scheme || !u.hasAuthority()) || r.hasAuthority():
		joined.path = resolveDots(r.path)
		if r.scheme == "" {
			joined.scheme = u.scheme
			joined.port = normalPort(r.port, u.scheme)
		}
	default:
		joined.scheme, joined.userinfo, joined.host, joined.port = u.scheme, u.userinfo, u.host, u.port
		switch {
		case r.path == "":
			joined.path = u.path
			if !r.hasQuery {
				joined.query, joined.hasQuery = u.query, u.hasQuery
			}
		case r.path[0] == '/':
			joined.path = resolveDots(r.path)
		case u.hasAuthority() && u.path == "":
			joined.path = resolveDots("/" + r.path)
		default:
			joined.path = resolveDots(u.path[:strings.LastIndexByte(u.path, '/')+1] + r.path)
		}
	}
	joined.text = joined.assemble(joined.userinfo)
	return &joined, nil
}

func normalPort(port int, scheme string) int {
	if port != 0 && port == defaultPorts[scheme] {
		return -1
	}
	return port
}

// resolveDots is remove_dot_segments of RFC 3986, section 5.2.4: a dot segment at the end leaves its slash.
func resolveDots(path string) string {
	if !hasDotSegment(path) {
		return path
	}
	rooted := strings.HasPrefix(path, "/")
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	kept := segments[:0]
	for i, segment := range segments {
		last := i == len(segments)-1
		switch segment {
		case ".":
			if last {
				kept = append(kept, "")
			}
		case "..":
			if len(kept) > 0 {
				kept = kept[:len(kept)-1]
			}
			if last {
				kept = append(kept, "")
			}
		default:
			kept = append(kept, segment)
		}
	}
	resolved := strings.Join(kept, "/")
	if rooted {
		return "/" + resolved
	}
	return resolved
}
