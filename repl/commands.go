package repl

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"httpx-repl/jsbind/inspect"
)

// command is one dot command.
type command struct {
	name string
	args string // how its arguments are written in the help
	help string // one line
	run  func(s *Session, ctx context.Context, args string) error
}

// commands is the table: dispatch, help and completion read it.
var commands []command

func init() {
	commands = []command{
		{"exit", "", "leave (Ctrl-D does too)", (*Session).cmdExit},
		{"help", "[NAME]", "list the commands, or tell about one", (*Session).cmdHelp},
		{"replay", "FILE", "replay a transcript offline and compare it with its recording", (*Session).cmdReplay},
		{"requests", "", "list the session's requests: status, size, time", (*Session).cmdRequests},
		{"save", "FILE.hx.md", "save the session as a transcript that replays without a network", (*Session).cmdSave},
	}
}

// errExit is how .exit ends the prompt.
var errExit = errors.New("exit")

// isCommand reports whether a text is a dot command: a dot and a letter, where JavaScript could not begin.
func isCommand(text string) bool {
	text = strings.TrimSpace(text)
	return len(text) > 1 && text[0] == '.' && (text[1] >= 'a' && text[1] <= 'z') && !strings.Contains(text, "\n")
}

// isNamed reports whether a text is one of the commands of the table.
func isNamed(text string) bool {
	name, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	return isCommand(text) && slices.ContainsFunc(commands, func(c command) bool { return "."+c.name == name })
}

// command runs a dot command and prints its error; it is true when the command was to leave.
func (s *Session) command(ctx context.Context, text string) (exit bool) {
	err := s.runCommand(ctx, text)
	if errors.Is(err, errExit) {
		return true
	}
	if err != nil {
		s.failed = true
		s.o.Err.Print([]inspect.Line{{{Text: err.Error(), Style: inspect.Error}}})
	}
	return false
}

func (s *Session) runCommand(ctx context.Context, text string) error {
	name, args, _ := strings.Cut(strings.TrimSpace(text)[1:], " ")
	for _, c := range commands {
		if c.name == name {
			return c.run(s, ctx, strings.TrimSpace(args))
		}
	}
	for _, c := range commands {
		if strings.HasPrefix(c.name, name) {
			return fmt.Errorf("there is no command .%s; did you mean .%s?", name, c.name)
		}
	}
	return fmt.Errorf("there is no command .%s; .help lists them", name)
}

func (s *Session) cmdExit(context.Context, string) error { return errExit }

func (s *Session) cmdHelp(_ context.Context, name string) error {
	name = strings.TrimPrefix(name, ".")
	if name != "" {
		i := slices.IndexFunc(commands, func(c command) bool { return c.name == name })
		if i < 0 {
			return fmt.Errorf("there is no command .%s; .help lists them", name)
		}
		c := commands[i]
		s.o.Out.PrintText(fmt.Sprintf(".%s %s\n  %s\n", c.name, c.args, c.help))
		return nil
	}
	var b strings.Builder
	for _, c := range commands {
		fmt.Fprintf(&b, "  %-22s %s\n", strings.TrimSpace("."+c.name+" "+c.args), c.help)
	}
	b.WriteString("\nEverything else is JavaScript or TypeScript, with await at the top level:\n" +
		"  await client.get(lab.url + \"/json\")    a request to the embedded lab, no network needed\n" +
		"  _.json()                               _ is the last value, _1 that of cell 1\n" +
		"  const r = await client.stream(\"GET\", lab.url + \"/lines?n=3\")\n" +
		"  for await (const line of r.aiterLines()) print(line)\n" +
		"Tab completes. Ctrl-C cancels what runs, and its requests.\n")
	s.o.Out.PrintText(b.String())
	return nil
}
