package engine

import (
	"slices"
	"strings"
)

// QueryParams are the parameters of a query string: an immutable multi-dictionary, whose zero value is empty. As in HTTPX
// the values of one key stand together, at the place where the key came first.
type QueryParams struct {
	pairs [][2]string // grouped by key
}

// NewQueryParams makes parameters of key-value pairs; a key may repeat.
func NewQueryParams(pairs [][2]string) QueryParams {
	if len(pairs) == 0 {
		return QueryParams{}
	}
	count := make(map[string]int, len(pairs))
	grouped := true
	for i, pair := range pairs {
		if count[pair[0]] > 0 && pairs[i-1][0] != pair[0] {
			grouped = false
		}
		count[pair[0]]++
	}
	if grouped {
		return QueryParams{slices.Clone(pairs)}
	}
	// A second pass gives each key, when first met, the room for all its values.
	result := make([][2]string, len(pairs))
	next := make(map[string]int, len(count))
	used := 0
	for _, pair := range pairs {
		at, seen := next[pair[0]]
		if !seen {
			at = used
			used += count[pair[0]]
		}
		result[at] = pair
		next[pair[0]] = at + 1
	}
	return QueryParams{result}
}

// ParseQuery reads a query string, without its "?", in the form encoding: pairs separated by "&" alone, "+" for a space,
// %XX for bytes of UTF-8. It never fails; bytes that are not UTF-8 become U+FFFD.
func ParseQuery(s string) QueryParams {
	if s == "" {
		return QueryParams{}
	}
	var pairs [][2]string
	for field := range strings.SplitSeq(s, "&") {
		if field == "" {
			continue
		}
		key, value, _ := strings.Cut(field, "=")
		pairs = append(pairs, [2]string{unescapeForm(key), unescapeForm(value)})
	}
	return NewQueryParams(pairs)
}

// Get gives the first value of a key.
func (q QueryParams) Get(key string) (string, bool) {
	if i := q.index(key); i >= 0 {
		return q.pairs[i][1], true
	}
	return "", false
}

// GetList gives all values of a key, nil when there are none.
func (q QueryParams) GetList(key string) []string {
	var list []string
	for _, pair := range q.group(key) {
		list = append(list, pair[1])
	}
	return list
}

// MultiItems gives all pairs, those of one key together.
func (q QueryParams) MultiItems() [][2]string { return slices.Clone(q.pairs) }

// Keys gives each key once.
func (q QueryParams) Keys() []string {
	var keys []string
	for i, pair := range q.pairs {
		if i == 0 || q.pairs[i-1][0] != pair[0] {
			keys = append(keys, pair[0])
		}
	}
	return keys
}

// Len is the number of distinct keys.
func (q QueryParams) Len() int {
	n := 0
	for i, pair := range q.pairs {
		if i == 0 || q.pairs[i-1][0] != pair[0] {
			n++
		}
	}
	return n
}

// Set gives a copy in which key has this one value; an existing key keeps its place.
func (q QueryParams) Set(key, value string) QueryParams {
	return q.replace(key, [][2]string{{key, value}})
}

// Add gives a copy with one more value for key.
func (q QueryParams) Add(key, value string) QueryParams {
	return q.replace(key, append(slices.Clone(q.group(key)), [2]string{key, value}))
}

// Remove gives a copy without key.
func (q QueryParams) Remove(key string) QueryParams { return q.replace(key, nil) }

// Merge gives a copy in which other's values replace all values of the keys that both have; keys keep q's places, new
// keys follow.
func (q QueryParams) Merge(other QueryParams) QueryParams {
	if len(q.pairs) == 0 {
		return other
	}
	if len(other.pairs) == 0 {
		return q
	}
	theirs := make(map[string][][2]string)
	for i := 0; i < len(other.pairs); {
		group := other.groupAt(i)
		theirs[group[0][0]] = group
		i += len(group)
	}
	merged := make([][2]string, 0, len(q.pairs)+len(other.pairs))
	taken := make(map[string]bool, len(theirs))
	for i := 0; i < len(q.pairs); {
		group := q.groupAt(i)
		i += len(group)
		key := group[0][0]
		if replacement, ok := theirs[key]; ok {
			group = replacement
			taken[key] = true
		}
		merged = append(merged, group...)
	}
	for _, pair := range other.pairs {
		if !taken[pair[0]] {
			merged = append(merged, pair)
		}
	}
	return QueryParams{merged}
}

// Equal compares the pairs without regard to order.
func (q QueryParams) Equal(other QueryParams) bool {
	return len(q.pairs) == len(other.pairs) && slices.Equal(sortedPairs(q.pairs), sortedPairs(other.pairs))
}

// String is the query string in the form encoding.
func (q QueryParams) String() string { return encodeForm(q.pairs) }

func (q QueryParams) index(key string) int {
	return slices.IndexFunc(q.pairs, func(pair [2]string) bool { return pair[0] == key })
}

// groupAt gives the pairs of one key, of which i is the first.
func (q QueryParams) groupAt(i int) [][2]string {
	end := i + 1
	for end < len(q.pairs) && q.pairs[end][0] == q.pairs[i][0] {
		end++
	}
	return q.pairs[i:end:end]
}

func (q QueryParams) group(key string) [][2]string {
	if i := q.index(key); i >= 0 {
		return q.groupAt(i)
	}
	return nil
}

func (q QueryParams) replace(key string, group [][2]string) QueryParams {
	i := q.index(key)
	if i < 0 {
		return QueryParams{slices.Concat(q.pairs, group)}
	}
	return QueryParams{slices.Concat(q.pairs[:i], group, q.pairs[i+len(q.groupAt(i)):])}
}

func sortedPairs(pairs [][2]string) [][2]string {
	return slices.SortedFunc(slices.Values(pairs), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) })
}

// encodeForm writes pairs as application/x-www-form-urlencoded: all but letters, digits and "_.-~" is escaped, a space
// becomes "+" (Python's urllib.parse.urlencode).
func encodeForm(pairs [][2]string) string {
	var b strings.Builder
	for i, pair := range pairs {
		if i > 0 {
			b.WriteByte('&')
		}
		escapeForm(&b, pair[0])
		b.WriteByte('=')
		escapeForm(&b, pair[1])
	}
	return b.String()
}

func escapeForm(b *strings.Builder, s string) {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case urlChars[c]&unreserved != 0:
			b.WriteByte(c)
		case c == ' ':
			b.WriteByte('+')
		default:
			writeEscape(b, c)
		}
	}
}

func unescapeForm(s string) string {
	return unescape(strings.ReplaceAll(s, "+", " "))
}
