package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// root is the module's folder, seen from this package's.
const root = "../.."

// module is the module's path.
const module = "httpx-repl"

// mayImport says which of our own packages a package may import: the house's arrows. A package that is not here must be added,
// with a thought for which room it belongs to.
//
// engine, jsbind, transcripts, repl and cmd are the rooms; the rest are leaves, each of which fences in a dependency, is proved
// alone, or is needed by two rooms.
var mayImport = map[string][]string{
	"engine":            {"engine/event", "engine/h1"},
	"engine/event":      {},
	"engine/h1":         {},
	"engine/lab":        {},
	"engine/enginetest": {},
	"jsbind":            {"engine", "engine/event", "jsbind/inspect", "jsbind/loop", "jsbind/source"},
	"jsbind/inspect":    {},
	"jsbind/loop":       {"engine/event"},
	"jsbind/source":     {},
	"jsbind/jsbindtest": {"engine", "engine/event", "engine/lab", "jsbind", "jsbind/inspect", "transcripts"}, // whole sessions for tests
	"transcripts":       {"engine", "engine/event"},
	"repl":              {"engine", "engine/event", "jsbind", "jsbind/inspect", "repl/term", "transcripts"},
	"repl/term":         {"jsbind/inspect"},
	"repl/repltest":     {},
	"cmd/httpx-repl":    {"engine", "engine/event", "engine/lab", "jsbind", "repl", "repl/term", "transcripts"},
	"bench":             {},
}

// fences says which packages alone may import a module. A module that is not here may be imported by every room but is worth a
// thought all the same: see TestModulesAreFenced.
var fences = map[string][]string{
	"github.com/dop251/goja":               {"jsbind", "jsbind/inspect", "jsbind/loop", "jsbind/source"},
	"github.com/dlclark/regexp2":           {"jsbind", "jsbind/source"},
	"github.com/evanw/esbuild":             {"jsbind/source"},
	"github.com/alecthomas/chroma":         {"repl/term"},
	"github.com/chzyer/readline":           {"repl/term"},
	"github.com/clipperhouse/displaywidth": {"jsbind/inspect", "repl/term", "repl/repltest"},
	"github.com/aymanbagabas/go-udiff":     {"transcripts"},
	"go.yaml.in/yaml":                      {"transcripts"},
	"github.com/andybalholm/brotli":        {"engine", "engine/lab"},
	"github.com/klauspost/compress":        {"engine", "engine/lab"},
	"github.com/mccutchen/go-httpbin":      {"engine/lab"},
	"golang.org/x/net":                     {"engine", "engine/lab", "jsbind"}, // jsbind: IDNA of the URL standard
	"golang.org/x/text":                    {"engine", "jsbind"},
	"golang.org/x/term":                    {"repl/term", "cmd/httpx-repl"},
	"golang.org/x/sys":                     {"repl/term", "transcripts"},
	"github.com/creack/pty":                {"repl/repltest", "bench"},
}

// owners says which packages may use a forbidden name outside tests, and why.
var owners = map[string]map[string]string{
	"os.Exit":     {"cmd/httpx-repl": "the process is its own", "bench": "a program of its own"},
	"log.Fatal":   {"bench": "a program of its own"},
	"fmt.Print":   {"bench": "a program of its own"},
	"fmt.Printf":  {"bench": "a program of its own"},
	"fmt.Println": {"bench": "a program of its own"},
	"time.Now": {
		"cmd/httpx-repl": "hands the clock to everything else", "bench": "measures",
		"jsbind/jsbindtest": "hands the clock to sessions under test", "repl/repltest": "gives up on a screen that does not come",
	},
	"time.Since": {"bench": "measures", "jsbind/jsbindtest": "hands the clock to sessions under test"},
	"time.Until": {},
	"rand.*":     {"cmd/httpx-repl": "hands randomness to everything else", "bench": "makes payloads"},
	"os.Stdout":  {"cmd/httpx-repl": "hands the streams to everything else", "bench": "a program of its own"},
	"os.Stderr":  {"cmd/httpx-repl": "hands the streams to everything else", "bench": "a program of its own"},
	"os.Stdin":   {"cmd/httpx-repl": "hands the streams to everything else", "bench": "a program of its own"},
	"os.Getenv":  {"cmd/httpx-repl": "hands the environment to everything else", "bench": "a program of its own"},
	"os.Args":    {"cmd/httpx-repl": "hands the arguments to everything else", "bench": "a program of its own"},
}

// goFile is one file of the module.
type goFile struct {
	pkg  string // the folder, such as "jsbind/loop"
	name string // for messages
	test bool
	ast  *ast.File
}

var fileSet = token.NewFileSet()

func goFiles(t *testing.T) []goFile {
	t.Helper()
	var files []goFile
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || d.Name() == "node_modules" || len(d.Name()) > 2 && d.Name()[0] == '.') {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") {
			return nil
		}
		parsed, err := parser.ParseFile(fileSet, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		relative = filepath.ToSlash(relative)
		files = append(files, goFile{path.Dir(relative), relative, strings.HasSuffix(name, "_test.go"), parsed})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 100 {
		t.Fatalf("only %d files were found", len(files))
	}
	return files
}

func importsOf(f goFile) []string {
	var list []string
	for _, i := range f.ast.Imports {
		name, _ := strconv.Unquote(i.Path.Value)
		list = append(list, name)
	}
	return list
}

func TestImportArrows(t *testing.T) {
	for _, f := range goFiles(t) {
		allowed, known := mayImport[f.pkg]
		if !known {
			t.Errorf("%s: the package %s has no place in the house: give it a line in mayImport (cmd/httpx-repl/layout_test.go)", f.name, f.pkg)
			continue
		}
		if f.test {
			continue // tests may look through any wall
		}
		for _, name := range importsOf(f) {
			ours, is := strings.CutPrefix(name, module+"/")
			if is && !slices.Contains(allowed, ours) {
				t.Errorf("%s imports %s: of ours, %s may import %s", f.name, ours, f.pkg, orNothing(allowed))
			}
		}
	}
}

func TestModulesAreFenced(t *testing.T) {
	used := map[string]bool{}
	for _, f := range goFiles(t) {
		if f.test {
			continue
		}
		for _, name := range importsOf(f) {
			if host, _, _ := strings.Cut(name, "/"); !strings.Contains(host, ".") {
				continue
			}
			fenced := false
			for fence, inside := range fences {
				if name != fence && !strings.HasPrefix(name, fence+"/") {
					continue
				}
				fenced, used[fence] = true, true
				if !slices.Contains(inside, f.pkg) {
					t.Errorf("%s imports %s: only %s may", f.name, name, orNothing(inside))
				}
			}
			if !fenced {
				t.Errorf("%s imports %s, which no fence names: say in fences who may (cmd/httpx-repl/layout_test.go)", f.name, name)
			}
		}
	}
	for fence := range fences {
		if !used[fence] {
			t.Errorf("no package imports %s: take its fence down", fence)
		}
	}
}

func TestForbiddenNames(t *testing.T) {
	for _, f := range goFiles(t) {
		if f.test {
			continue
		}
		packages := map[string]string{} // the names of imports in this file
		for _, i := range f.ast.Imports {
			name, _ := strconv.Unquote(i.Path.Value)
			local := path.Base(name)
			if local == "v2" {
				local = path.Base(path.Dir(name))
			}
			if i.Name != nil {
				local = i.Name.Name
			}
			packages[local] = name
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			selector, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			x, ok := selector.X.(*ast.Ident)
			if !ok {
				return true
			}
			rule := forbidden(packages[x.Name], selector.Sel.Name)
			if rule == "" || owners[rule][f.pkg] != "" {
				return true
			}
			t.Errorf("%s: %s.%s is forbidden here (%s): take it as an option; cmd/httpx-repl hands it out", fileSet.Position(n.Pos()), x.Name, selector.Sel.Name, ownersOf(rule))
			return true
		})
	}
}

// forbidden is the rule that forbids a name, "" when none does. Types and what has a seed of its own are free.
func forbidden(pkg, name string) string {
	switch pkg {
	case "math/rand", "math/rand/v2", "crypto/rand":
		if strings.HasPrefix(name, "New") || name == "ChaCha8" || name == "PCG" || name == "Rand" || name == "Source" {
			return ""
		}
		return "rand.*"
	case "fmt", "time", "os":
		if rule := pkg + "." + name; owners[rule] != nil {
			return rule
		}
	case "log":
		if name == "New" || name == "Logger" {
			return ""
		}
		return "log.Fatal" // the default logger writes to standard error, and its Fatal ends the process
	}
	return ""
}

func ownersOf(rule string) string {
	var list []string
	for pkg := range owners[rule] {
		list = append(list, pkg)
	}
	slices.Sort(list)
	return "owned by " + orNothing(list)
}

func orNothing(list []string) string {
	if len(list) == 0 {
		return "nothing"
	}
	return strings.Join(list, ", ")
}
