package inspect

import (
	"os"
	"strings"
	"testing"

	"github.com/dop251/goja"
)

// A goldenCase is an expression and the text it is printed as.
type goldenCase struct{ name, source, want string }

// readGolden reads a file of cases: "> expression", and below it the expected
// lines, indented by two. See testdata/golden.js.
func readGolden(t *testing.T, file string) []goldenCase {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var cases []goldenCase
	for line := range strings.SplitSeq(strings.TrimSuffix(string(data), "\n"), "\n") {
		if source, ok := strings.CutPrefix(line, "> "); ok {
			cases = append(cases, goldenCase{name: source, source: source})
			continue
		}
		if text, ok := strings.CutPrefix(line, "  "); ok {
			last := &cases[len(cases)-1]
			if last.want != "" {
				last.want += "\n"
			}
			last.want += text
		}
	}
	return cases
}

func newInspector() (*goja.Runtime, *Inspector) {
	vm := goja.New()
	return vm, New(vm)
}

func eval(t testing.TB, vm *goja.Runtime, source string) goja.Value {
	t.Helper()
	v, err := vm.RunString("(" + source + "\n)")
	if err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	return v
}

func TestValuesAsNodePrintsThem(t *testing.T) {
	cases := readGolden(t, "testdata/values.txt")
	if len(cases) < 200 {
		t.Fatalf("only %d cases", len(cases))
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			vm, i := newInspector()
			if got := Text(i.Value(eval(t, vm, c.source), Options{})); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestFormatAsNodePrintsIt(t *testing.T) {
	for _, c := range readGolden(t, "testdata/format.txt") {
		t.Run(c.name, func(t *testing.T) {
			vm, i := newInspector()
			list := eval(t, vm, c.source).(*goja.Object)
			var args []goja.Value
			vm.ForOf(list, func(v goja.Value) bool {
				args = append(args, v)
				return true
			})
			if got := Text(i.Format(args, Options{})); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}
