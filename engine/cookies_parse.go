package engine

import (
	"strconv"
	"strings"
	"time"
)

// parseSetCookie reads one Set-Cookie value that a response to u brought at the time now (RFC 6265bis, sections 5.6 and 5.7). It is false
// when the cookie must be ignored.
func parseSetCookie(value string, u *URL, now time.Time) (Cookie, bool) {
	for i := 0; i < len(value); i++ {
		if c := value[i]; c < 0x20 && c != '\t' || c == 0x7f {
			return Cookie{}, false
		}
	}
	pair, attributes, _ := strings.Cut(value, ";")
	name, content, _ := strings.Cut(pair, "=")
	cookie := Cookie{Name: trimCookie(name), Value: trimCookie(content)}
	// RFC 6265bis keeps a cookie without a name, RFC 6265 does not: many servers would read its value as a name.
	if cookie.Name == "" || !strings.Contains(pair, "=") || len(cookie.Name)+len(cookie.Value) > maxCookieSize {
		return Cookie{}, false
	}

	domain, maxAge := "", ""
	for attribute := range strings.SplitSeq(attributes, ";") {
		key, content, _ := strings.Cut(attribute, "=")
		content = trimCookie(content)
		if len(content) > maxCookieAttribute {
			continue
		}
		switch lowerASCII(trimCookie(key)) {
		case "expires":
			if expires, ok := parseCookieDate(content); ok {
				cookie.Expires = clampExpiry(expires, now)
			}
		case "max-age":
			if isMaxAge(content) {
				maxAge = content
			}
		case "domain":
			domain = strings.TrimPrefix(content, ".")
		case "path":
			cookie.Path = ""
			if strings.HasPrefix(content, "/") {
				cookie.Path = content
			}
		case "secure":
			cookie.Secure = true
		case "httponly":
			cookie.HTTPOnly = true
		case "samesite":
			cookie.SameSite = sameSites[lowerASCII(content)]
		}
	}
	if maxAge != "" {
		cookie.Expires = expiryOfMaxAge(maxAge, now)
	}
	explicitPath := cookie.Path
	if cookie.Path == "" {
		cookie.Path = defaultCookiePath(u)
	}
	if !cookie.settle(domain, u) || !cookie.keepsPrefix(explicitPath) || cookie.Secure && !isSecureScheme(u.Scheme()) {
		return Cookie{}, false
	}
	return cookie, true
}

var sameSites = map[string]string{"strict": "Strict", "lax": "Lax", "none": "None"}

// settle decides to which hosts a cookie goes; false when u's host may not set it for the domain that it names.
func (k *Cookie) settle(domain string, u *URL) bool {
	host := u.RawHost()
	if domain != "" {
		encoded, err := encodeHost(domain)
		if err != nil {
			return false
		}
		domain = encoded
	}
	if domain != "" && isPublicSuffix(domain) {
		if domain != host {
			return false
		}
		domain = ""
	}
	if domain == "" {
		k.Domain, k.HostOnly = host, true
		return host != ""
	}
	k.Domain = domain
	return domainMatch(host, domain)
}

// keepsPrefix checks the promises of the name prefixes (RFC 6265bis, section 4.1.3).
func (k *Cookie) keepsPrefix(explicitPath string) bool {
	name := lowerASCII(k.Name)
	switch {
	case strings.HasPrefix(name, "__secure-"):
		return k.Secure
	case strings.HasPrefix(name, "__host-"):
		return k.Secure && k.HostOnly && explicitPath == "/"
	}
	return true
}

func trimCookie(s string) string { return strings.Trim(s, " \t") }

// defaultCookiePath is the directory of the request's path (RFC 6265bis, section 5.1.4).
func defaultCookiePath(u *URL) string {
	path := requestPath(u)
	if path[0] != '/' || strings.Count(path, "/") == 1 {
		return "/"
	}
	return path[:strings.LastIndexByte(path, '/')]
}

func isMaxAge(s string) bool {
	digits := strings.TrimPrefix(s, "-")
	return digits != "" && strings.Trim(digits, "0123456789") == ""
}

func expiryOfMaxAge(s string, now time.Time) time.Time {
	seconds, err := strconv.ParseInt(s, 10, 64)
	switch {
	case strings.HasPrefix(s, "-") || err == nil && seconds == 0:
		return time.Unix(1, 0).UTC()
	case err != nil || seconds > int64(maxCookieAge/time.Second):
		return now.Add(maxCookieAge)
	}
	return now.Add(time.Duration(seconds) * time.Second)
}

func clampExpiry(expires, now time.Time) time.Time {
	if limit := now.Add(maxCookieAge); expires.After(limit) {
		return limit
	}
	return expires
}

// parseCookieDate reads a date in any of the forms that servers write (RFC 6265bis, section 5.1.1).
func parseCookieDate(s string) (time.Time, bool) {
	var hour, minute, second, day, month, year int
	var haveTime, haveDay, haveMonth, haveYear bool
	for _, token := range strings.FieldsFunc(s, isDateDelimiter) {
		if h, m, sec, ok := dateTime(token); ok && !haveTime {
			hour, minute, second, haveTime = h, m, sec, true
		} else if n, ok := leadingDigits(token, 1, 2); ok && !haveDay {
			day, haveDay = n, true
		} else if m, ok := monthOf(token); ok && !haveMonth {
			month, haveMonth = m, true
		} else if n, ok := leadingDigits(token, 2, 4); ok && !haveYear {
			year, haveYear = n, true
		}
	}
	switch {
	case year >= 70 && year <= 99:
		year += 1900
	case year >= 0 && year <= 69:
		year += 2000
	}
	if !haveTime || !haveDay || !haveMonth || !haveYear || day < 1 || day > 31 || year < 1601 || hour > 23 || minute > 59 || second > 59 {
		return time.Time{}, false
	}
	date := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	return date, date.Day() == day // 31 June is no date
}

func isDateDelimiter(r rune) bool {
	return r == '\t' || r >= 0x20 && r <= 0x2f || r >= 0x3b && r <= 0x40 || r >= 0x5b && r <= 0x60 || r >= 0x7b && r <= 0x7e
}

// dateTime reads hh:mm:ss, each of one or two digits, with anything but a digit after it.
func dateTime(token string) (hour, minute, second int, ok bool) {
	parts := strings.SplitN(token, ":", 3)
	if len(parts) != 3 || len(parts[0]) > 2 || len(parts[1]) > 2 {
		return 0, 0, 0, false
	}
	var okHour, okMinute, okSecond bool
	hour, okHour = leadingDigits(parts[0], 1, 2)
	minute, okMinute = leadingDigits(parts[1], 1, 2)
	second, okSecond = leadingDigits(parts[2], 1, 2)
	whole := strings.Trim(parts[0]+parts[1], "0123456789") == ""
	return hour, minute, second, okHour && okMinute && okSecond && whole
}

// leadingDigits reads the number that a token begins with, which must have from least to most digits.
func leadingDigits(token string, least, most int) (int, bool) {
	n := 0
	for n < len(token) && token[n] >= '0' && token[n] <= '9' {
		n++
	}
	if n < least || n > most {
		return 0, false
	}
	value, err := strconv.Atoi(token[:n])
	return value, err == nil
}

func monthOf(token string) (int, bool) {
	if len(token) < 3 {
		return 0, false
	}
	i := strings.Index("janfebmaraprmayjunjulaugsepoctnovdec", lowerASCII(token[:3]))
	return i/3 + 1, i >= 0 && i%3 == 0
}
