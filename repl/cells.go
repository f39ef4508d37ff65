package repl

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"httpx-repl/jsbind"
)

// ErrUnfinished is what Cells returns when its input ended within a cell.
var ErrUnfinished = errors.New("the input ended within a cell")

// maxInput bounds one cell of an input, in bytes; the compiler's own bound is the same.
const maxInput = 1 << 20

// Cells runs the cells of an input that is no terminal: a cell ends where its text is complete, each value is echoed as the
// prompt echoes it, and an error does not end the session. It ends early with .exit or ctx.
func (s *Session) Cells(ctx context.Context, in io.Reader) error {
	lines := bufio.NewReader(in)
	var text strings.Builder
	for ctx.Err() == nil {
		line, err := lines.ReadString('\n')
		text.WriteString(line)
		whole := text.String()
		if strings.TrimSpace(whole) == "" {
			text.Reset()
		} else if text.Len() > maxInput || jsbind.Check(whole) != jsbind.Incomplete {
			text.Reset()
			if isCommand(whole) {
				if s.command(ctx, whole) {
					return nil
				}
			} else {
				s.Run(ctx, strings.TrimRight(whole, "\n"), true)
			}
		}
		if err == nil {
			continue
		}
		if err != io.EOF {
			return fmt.Errorf("reading the cells: %w", err)
		}
		if text.Len() > 0 {
			s.failed = true
			s.Run(ctx, strings.TrimRight(text.String(), "\n"), true)
			return ErrUnfinished
		}
		return nil
	}
	return context.Cause(ctx)
}
