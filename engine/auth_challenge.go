package engine

import "strings"

// authChallenge is one challenge of a WWW-Authenticate header.
type authChallenge struct {
	scheme string
	params map[string]string // names in lower case
}

// parseChallenges reads the challenges of one WWW-Authenticate line (RFC 9110, section 11.6.1): several may share a line. It
// is false when the line is out of form; the last challenge is then the one that broke off.
func parseChallenges(line string) (challenges []authChallenge, ok bool) {
	for {
		line = strings.TrimLeft(line, " \t,")
		if line == "" {
			return challenges, true
		}
		end := 0
		for end < len(line) && isTokenChar(line[end]) {
			end++
		}
		name, after := line[:end], strings.TrimLeft(line[end:], " \t")
		if name == "" {
			return challenges, false
		}
		isParam := strings.HasPrefix(after, "=")
		if !isParam {
			challenges = append(challenges, authChallenge{scheme: name, params: map[string]string{}})
			if line, ok = skipToken68(after); !ok {
				return challenges, false
			}
			continue
		}
		if len(challenges) == 0 {
			return nil, false
		}
		value, rest, ok := challengeValue(strings.TrimLeft(after[1:], " \t"))
		if !ok {
			return challenges, false
		}
		params := challenges[len(challenges)-1].params
		if key := strings.ToLower(name); params[key] == "" {
			params[key] = value
		}
		if line = strings.TrimLeft(rest, " \t"); line != "" && line[0] != ',' {
			return challenges, false
		}
	}
}

// skipToken68 leaves out the opaque blob that some schemes (Negotiate, NTLM) have instead of parameters.
func skipToken68(s string) (rest string, ok bool) {
	item, _, _ := strings.Cut(s, ",")
	item = strings.TrimRight(item, " \t")
	blob := strings.TrimRight(item, "=")
	if item == "" || strings.ContainsAny(blob, `=" `) {
		return s, true
	}
	return s[len(item):], true
}

// challengeValue reads a token or a quoted string.
func challengeValue(s string) (value, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexAny(s, ", \t")
		if end < 0 {
			end = len(s)
		}
		return s[:end], s[end:], true
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:], true
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		default:
			b.WriteByte(s[i])
		}
	}
	return "", "", false
}
