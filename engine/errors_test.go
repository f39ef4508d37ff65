package engine

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"
)

func TestClasses(t *testing.T) {
	seen := map[Class]bool{Exception: true}
	for _, class := range Classes() {
		if class.Name() == "" || seen[class] || !seen[class.Parent()] {
			t.Errorf("%q must come once, after its parent", class.Name())
		}
		seen[class] = true
	}
	if len(seen) != int(classCount) {
		t.Errorf("%d classes of %d", len(seen), classCount)
	}
	t.Run("the picture in errors.go is the tree", func(t *testing.T) {
		source, err := os.ReadFile("errors.go")
		if err != nil {
			t.Fatal(err)
		}
		var drawn, real []string
		depth := map[Class]int{}
		for line := range strings.Lines(string(source)) {
			picture, ok := strings.CutPrefix(line, "//\t")
			if !ok || !strings.Contains(picture, "─") {
				continue
			}
			indent, name, _ := strings.Cut(picture, "─ ")
			drawn = append(drawn, strings.Repeat(" ", len([]rune(indent))/3)+strings.Fields(name)[0])
		}
		for _, class := range Classes() {
			depth[class] = 0
			if class.Parent() != Exception {
				depth[class] = depth[class.Parent()] + 1
			}
			real = append(real, strings.Repeat(" ", depth[class])+class.Name())
		}
		if strings.Join(drawn, "\n") != strings.Join(real, "\n") {
			t.Errorf("drawn:\n%s\nreal:\n%s", strings.Join(drawn, "\n"), strings.Join(real, "\n"))
		}
	})
}

func TestError(t *testing.T) {
	err := NewError(ConnectTimeout, nil, "timed out after %d s: %w", 5, io.ErrUnexpectedEOF)
	for _, test := range []struct {
		target error
		want   bool
	}{
		{ConnectTimeout, true}, {TimeoutException, true}, {TransportError, true}, {HTTPError, true}, {Exception, true},
		{ReadTimeout, false}, {NetworkError, false}, {RuntimeError, false}, {io.ErrUnexpectedEOF, true}, {io.EOF, false},
	} {
		if got := errors.Is(err, test.target); got != test.want {
			t.Errorf("errors.Is(ConnectTimeout, %v) = %v", test.target, got)
		}
	}
	if err.Error() != "timed out after 5 s: unexpected EOF" || err.Cause != io.ErrUnexpectedEOF {
		t.Errorf("got %q, %v", err, err.Cause)
	}
	if literal := NewError(InvalidURL, nil, "100%%"); literal.Message != "100%" || literal.Cause != nil {
		t.Errorf("got %q", literal)
	}
	if closed := NewError(StreamClosed, nil, ""); closed.Error() != "Attempted to read or stream content, but the stream has been closed." ||
		!errors.Is(closed, RuntimeError) {
		t.Errorf("got %q", closed)
	}
	if Class(200).Name() != "Class(200)" || errors.Is(&Error{Class: 200}, HTTPError) {
		t.Error("an unknown class")
	}
}

func TestCodes(t *testing.T) {
	t.Run("SC01", func(t *testing.T) {
		if ReasonPhrase(404) != "Not Found" || ReasonPhrase(418) != "I'm a teapot" || ReasonPhrase(600) != "" || ReasonPhrase(-1) != "" {
			t.Error("wrong phrase")
		}
		if codes := Codes(); len(codes) != 62 || codes[0].Name != "CONTINUE" || codes[61].Value != 511 {
			t.Errorf("got %d codes", len(codes))
		}
		for i, code := range Codes() {
			if i > 0 && Codes()[i-1].Value >= code.Value || ReasonPhrase(code.Value) != code.Phrase {
				t.Errorf("%d is out of order", code.Value)
			}
		}
	})
}
