package term

import (
	"regexp"
	"strings"
	"sync"
)

// The words and shapes that keep an entry out of the history file. A false hit
// costs one entry of a later session; a miss puts a key on disk.
var secretWords = []string{
	"authorization", "password", "passwd", "passphrase", "token", "secret", "bearer ", "api_key", "apikey",
	"api-key", "credential", "private_key", "set-cookie", "begin rsa", "begin openssh", "begin ec private", "private key-----",
}

var secretShapes = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(strings.Join([]string{
		`(?i:\bauth['"]?\s*[:=(\]])`, `(?i:\b(?:basic|digest|netrc)auth\b)`, `(?i:\bcookies?['"]?\s*[:=])`,
		`\b(?:AKIA|ASIA)[0-9A-Z]{16}\b`,                      // AWS
		`\b(?:gh[pousr]_|github_pat_|glpat-)\w{10,}`,         // GitHub, GitLab
		`\bxox[abeprs]-[\w-]{8,}`,                            // Slack
		`\beyJ[\w-]{6,}\.[\w-]{6,}`,                          // JWT
		`\b[sr]k[-_](?:live|test|proj|ant)?[-_]?\w{16,}`,     // Stripe and others
		`\w://[^/\s'"` + "`" + `@:]*:[^/\s'"` + "`" + `@]+@`, // a URL's user information
	}, "|"))
})

// HoldsSecret reports whether text looks as if it holds a credential: by a word
// for one, or by a well-known key shape (AWS, GitHub, GitLab, Slack, Stripe,
// JWT, PEM, a URL with a password).
func HoldsSecret(text string) bool {
	lower := strings.ToLower(text)
	for _, word := range secretWords {
		if strings.Contains(lower, word) {
			return true
		}
	}
	return secretShapes().MatchString(text)
}
