package transcripts

import (
	"bytes"
	"fmt"
	"regexp"
	"sort"
	"strings"
)

// Finding is something in a written document that has the shape of a secret and that no rule replaced.
type Finding struct {
	Line int    // of the document, from 1
	Rule string // "JWT", "AWS access key id", …
	Text string // its first characters
}

func (f Finding) String() string { return fmt.Sprintf("line %d: %s (%s…)", f.Line, f.Rule, f.Text) }

// secretShapes is the second net. Each pattern needs its literal, so that a document without it costs one search.
var secretShapes = []struct {
	rule, literal string
	pattern       *regexp.Regexp
}{
	{"JWT", "eyJ", regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}`)},
	{"credentials", "earer ", regexp.MustCompile(`\b[Bb]earer [A-Za-z0-9._~+/=-]{12,}`)},
	{"credentials", "asic ", regexp.MustCompile(`\b[Bb]asic [A-Za-z0-9+/]{12,}={0,2}`)},
	{"credentials", "oken ", regexp.MustCompile(`(?m)^[A-Za-z-]*uthorization: [Tt]oken [A-Za-z0-9._~+/=-]{12,}`)},
	{"private key", "-----BEGIN ", regexp.MustCompile(`-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----`)},
	{"AWS access key id", "IA", regexp.MustCompile(`\b(?:AKIA|ASIA)[A-Z0-9]{16}\b`)},
	{"GitHub token", "gh", regexp.MustCompile(`\bgh[pousr]_[A-Za-z0-9]{36,}`)},
	{"GitHub token", "github_pat_", regexp.MustCompile(`\bgithub_pat_[A-Za-z0-9_]{22,}`)},
	{"GitLab token", "glpat-", regexp.MustCompile(`\bglpat-[A-Za-z0-9_-]{20,}`)},
	{"Slack token", "xox", regexp.MustCompile(`\bxox[abeoprs]-[A-Za-z0-9-]{10,}`)},
	{"Stripe key", "_live_", regexp.MustCompile(`\b[rs]k_live_[A-Za-z0-9]{16,}`)},
	{"Google API key", "AIza", regexp.MustCompile(`\bAIza[A-Za-z0-9_-]{35}`)},
	{"Google OAuth token", "ya29.", regexp.MustCompile(`\bya29\.[A-Za-z0-9_-]{20,}`)},
	{"npm token", "npm_", regexp.MustCompile(`\bnpm_[A-Za-z0-9]{36}\b`)},
	{"API key", "sk-", regexp.MustCompile(`\bsk-(?:[a-z0-9]+-)*[A-Za-z0-9_-]{20,}`)},
	{"URL with userinfo", "://", regexp.MustCompile(`://[^/?#\s"'<>{}$@:]+:[^/?#\s"'<>{}$@]+@`)},
}

// Scan searches a document for shapes of secrets, in the order of its lines; at most 100 are returned.
func Scan(text []byte) []Finding {
	var found []Finding
	for _, shape := range secretShapes {
		if !bytes.Contains(text, []byte(shape.literal)) {
			continue
		}
		for _, m := range shape.pattern.FindAllIndex(text, 100) {
			line := 1 + bytes.Count(text[:m[0]], []byte("\n"))
			found = append(found, Finding{line, shape.rule, PlainText(string(text[m[0]:min(m[1], m[0]+10)]))})
		}
	}
	sort.SliceStable(found, func(i, k int) bool { return found[i].Line < found[k].Line })
	return found[:min(len(found), 100)]
}

// SecretsError stops a save: the document would hold what looks like secrets.
type SecretsError struct{ Found []Finding }

func (e *SecretsError) Error() string {
	var lines []string
	for _, f := range e.Found[:min(len(e.Found), 10)] {
		lines = append(lines, "  "+f.String())
	}
	return fmt.Sprintf("not saved: the transcript holds what looks like %d secret(s):\n%s\nName the value as a secret, or save with --allow-secrets.", len(e.Found), strings.Join(lines, "\n"))
}
