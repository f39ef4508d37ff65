package term

import (
	"bytes"
	"context"
	"io"
	"strings"
)

// maxPlain bounds one text read without editing.
const maxPlain = 16 << 20

// readPlain reads a text without editing, from a terminal that knows no cursor
// sequences: the terminal's own line editing is used, and the prompt printed.
func (e *Editor) readPlain(ctx context.Context) (string, error) {
	e.pump.resume()
	defer e.pump.pause()
	var lines []string
	size := 0
	for prompt := e.first; ; prompt = e.cont {
		if e.t.interactive {
			e.t.PrintText(prompt)
		}
		line, err := e.plainLine(ctx)
		if err != nil {
			if err == io.EOF && len(lines) > 0 {
				return strings.Join(lines, "\n"), nil
			}
			return "", err
		}
		if line == "" && len(lines) > 0 {
			return strings.Join(lines, "\n"), nil
		}
		lines = append(lines, line)
		size += len(line)
		text := strings.Join(lines, "\n")
		if strings.TrimSpace(text) == "" || size > maxPlain || e.cfg.Verdict(text) != Incomplete {
			if e.cfg.History != nil && strings.TrimSpace(text) != "" {
				e.cfg.History.Add(text)
			}
			return text, nil
		}
	}
}

func (e *Editor) plainLine(ctx context.Context) (string, error) {
	for {
		if i := bytes.IndexByte(e.keys.raw, '\n'); i >= 0 || len(e.keys.raw) > maxPlain {
			if i < 0 {
				i = len(e.keys.raw) - 1
			}
			line := string(e.keys.raw[:i])
			e.keys.raw = e.keys.raw[i+1:]
			return strings.TrimSuffix(line, "\r"), nil
		}
		select {
		case chunk, ok := <-e.pump.out:
			if ok {
				e.keys.raw = append(e.keys.raw, chunk...)
				break
			}
			if len(e.keys.raw) == 0 {
				return "", io.EOF
			}
			e.keys.raw = append(e.keys.raw, '\n')
		case <-ctx.Done():
			return "", ctx.Err()
		case <-e.keys.stop:
			return "", ErrClosed
		}
	}
}
