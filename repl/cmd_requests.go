package repl

import (
	"context"
	"fmt"
	"strings"

	"httpx-repl/jsbind"
)

// cmdRequests lists every exchange of the session.
func (s *Session) cmdRequests(context.Context, string) error {
	list := s.o.Runtime.Requests()
	if len(list) == 0 {
		s.o.Out.PrintText("No requests yet.\n")
		return nil
	}
	var b strings.Builder
	for _, r := range list {
		status := "..."
		if r.Status > 0 {
			status = fmt.Sprint(r.Status)
		}
		state := ""
		if r.State != "done" {
			state = "  " + r.State
		}
		fmt.Fprintf(&b, "%-7s %-7s %s  %8s %9s  %s%s\n", r.ID, r.Method, status, jsbind.ByteCount(r.Received), took(r.Took), r.URL, state)
	}
	s.o.Out.PrintText(b.String())
	return nil
}
