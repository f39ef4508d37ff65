package transcripts

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"httpx-repl/engine/event"
)

// FrontKey is a front-matter key that Meta does not hold ("match", "elide", "time", "allow-hosts" or unknown), as it
// is written: Text is its lines, comments included, each with its newline.
type FrontKey struct {
	Key  string
	Text string
}

const maxFront = 64 << 10 // bytes

// FrontValue decodes the front-matter key into v as YAML; it reports whether the key is there.
func (s *Session) FrontValue(key string, v any) (bool, error) {
	for _, k := range s.Front {
		if k.Key != key {
			continue
		}
		var m map[string]yaml.Node
		if err := yaml.Unmarshal([]byte(k.Text), &m); err != nil {
			return true, fmt.Errorf("front matter, %s: %w", key, err)
		}
		node := m[key]
		if err := node.Decode(v); err != nil {
			return true, fmt.Errorf("front matter, %s: %w", key, err)
		}
		return true, nil
	}
	return false, nil
}

// timeMode says how a document keeps times.
type timeMode string

const (
	timeKeep  timeMode = "keep"  // to the microsecond
	timeRound timeMode = "round" // to 10 ms
	timeNone  timeMode = "none"  // not at all: 1 ms passes with each event
)

func (s *Session) timeMode() (timeMode, error) {
	mode := timeKeep
	if _, err := s.FrontValue("time", &mode); err != nil {
		return "", err
	}
	switch mode {
	case timeKeep, timeRound, timeNone:
		return mode, nil
	}
	return "", fmt.Errorf("front matter, time: %q is not keep, round or none", mode)
}

func renderFront(b *strings.Builder, s *Session) {
	b.WriteString("---\n")
	fmt.Fprintf(b, "httpx-transcript: %d\n", FormatVersion)
	line := func(key, value string) {
		if value != "" {
			fmt.Fprintf(b, "%s: %s\n", key, yamlString(value))
		}
	}
	m := s.Meta
	line("tool", m.Tool)
	if !m.Recorded.IsZero() {
		fmt.Fprintf(b, "recorded: %s\n", m.Recorded.UTC().Format(wallLayout))
	}
	line("tz", m.Zone)
	line("seed", m.Seed)
	line("base-url", m.BaseURL)
	if len(m.Secrets) > 0 {
		names := make([]string, len(m.Secrets))
		for i, name := range m.Secrets {
			names[i] = yamlString(name)
		}
		fmt.Fprintf(b, "secrets: [%s]\n", strings.Join(names, ", "))
	}
	for _, k := range s.Front {
		b.WriteString(k.Text)
	}
	b.WriteString("---\n")
}

// yamlString writes s so that YAML reads the same string back, without quotes where the plain form is one string.
func yamlString(s string) string {
	var back any
	if !strings.ContainsAny(s, "\n,[]{}") && yaml.Unmarshal([]byte("k: "+s), &back) == nil {
		if m, ok := back.(map[string]any); ok && m["k"] == s {
			return s
		}
	}
	return strconv.Quote(s)
}

// parseFront reads the lines between the --- marks; first is the number of the first one.
func parseFront(s *Session, lines []string, first int) error {
	text := strings.Join(lines, "\n") + "\n"
	if len(text) > maxFront {
		return &ParseError{first, fmt.Sprintf("the front matter is longer than %d bytes", maxFront)}
	}
	if needsEscape(text) { // YAML takes some of them for the end of a line
		return &ParseError{first, "the front matter holds a control character: remove it"}
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		return &ParseError{first, "the front matter is not YAML: " + err.Error()}
	}
	if len(doc.Content) != 1 || doc.Content[0].Kind != yaml.MappingNode {
		return &ParseError{first, "the front matter is not a list of keys with values"}
	}
	top := doc.Content[0]
	if err := checkFront(top, first, 0); err != nil {
		return err
	}
	seen := map[string]bool{}
	from := 0 // comments belong to the key that follows
	for i := 0; i < len(top.Content); i += 2 {
		key, value := top.Content[i], top.Content[i+1]
		if seen[key.Value] {
			return &ParseError{first + key.Line - 1, fmt.Sprintf("the key %q stands twice", key.Value)}
		}
		seen[key.Value] = true
		to := len(lines)
		if i+2 < len(top.Content) {
			to = afterComments(lines, key.Line, top.Content[i+2].Line-1)
		}
		known, err := metaKey(&s.Meta, key.Value, value)
		if err != nil {
			return &ParseError{first + key.Line - 1, err.Error()}
		}
		if !known {
			s.Front = append(s.Front, FrontKey{key.Value, trimBlank(strings.Join(lines[from:to], "\n")) + "\n"})
		}
		from = to
	}
	if !seen["httpx-transcript"] {
		return &ParseError{first, "the front matter has no key httpx-transcript: this is not a transcript, or its version is missing (httpx-transcript: 1)"}
	}
	if _, err := s.timeMode(); err != nil {
		return &ParseError{first, err.Error()}
	}
	return nil
}

// afterComments moves the beginning of the next key up over the comment lines before it.
func afterComments(lines []string, from, to int) int {
	for to > from && strings.HasPrefix(strings.TrimSpace(lines[to-1]), "#") {
		to--
	}
	return to
}

// checkFront refuses what makes YAML surprising or expensive.
func checkFront(n *yaml.Node, first, depth int) error {
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		return &ParseError{first + n.Line - 1, "anchors and aliases are not used in front matter: write the value out"}
	}
	if depth > 16 {
		return &ParseError{first + n.Line - 1, "the front matter is nested too deeply"}
	}
	if n.Kind == yaml.MappingNode {
		for i := 0; i < len(n.Content); i += 2 {
			if n.Content[i].Kind != yaml.ScalarNode || n.Content[i].Line != n.Content[i+1].Line && n.Style&yaml.FlowStyle == 0 && n.Content[i].Line > n.Content[i+1].Line {
				return &ParseError{first + n.Line - 1, "a key of the front matter is not a plain word"}
			}
		}
	}
	if depth == 0 && n.Style&yaml.FlowStyle != 0 {
		return &ParseError{first, "write each key of the front matter on a line of its own"}
	}
	for _, c := range n.Content {
		if err := checkFront(c, first, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func metaKey(m *event.Meta, key string, value *yaml.Node) (known bool, err error) {
	switch key {
	case "httpx-transcript":
		return true, metaVersion(m, value)
	case "recorded":
		m.Recorded, err = time.Parse(wallLayout, value.Value)
		if err != nil {
			err = fmt.Errorf("recorded: %q is not a time such as %s", value.Value, wallLayout)
		}
		m.Recorded = m.Recorded.UTC()
		return true, err
	case "secrets":
		var names []string
		if err := value.Decode(&names); err != nil {
			return true, errors.New("secrets: a list of names is expected, such as [API_TOKEN]")
		}
		m.Secrets = names
		return true, nil
	}
	field := map[string]*string{"tool": &m.Tool, "tz": &m.Zone, "seed": &m.Seed, "base-url": &m.BaseURL}[key]
	if field == nil {
		return false, nil
	}
	if value.Kind != yaml.ScalarNode {
		return true, fmt.Errorf("%s: one value is expected", key)
	}
	*field = value.Value
	return true, nil
}

func metaVersion(m *event.Meta, value *yaml.Node) error {
	version, err := strconv.Atoi(value.Value)
	if err != nil || version < 1 {
		return fmt.Errorf("httpx-transcript: %q is not a format version; this tool writes %d", value.Value, FormatVersion)
	}
	if version > FormatVersion {
		return fmt.Errorf("this transcript has format version %d and this tool reads up to %d: update httpx-repl to open it", version, FormatVersion)
	}
	m.Version = version
	return nil
}
