package source

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// killers are forms that, repeated, overflow a parser's stack or take it
// quadratic or exponential time. Each is head×n + middle + tail×n.
var killers = []struct{ head, middle, tail string }{
	{"(", "1", ")"}, {"[", "1", "]"}, {"x={a:", "1", "}"}, {"{", "", "}"}, {"!", "1", ""}, {"- ", "1", ""}, {"+ ", "1", ""},
	{"typeof ", "1", ""}, {"void ", "1", ""}, {"await ", "1", ""}, {"new ", "x", ""}, {"new (", "x", ")"}, {"delete ", "x", ""},
	{"a?b:", "1", ""}, {"a?", "1", ":b"}, {"a=>", "1", ""}, {"(a)=>", "1", ""}, {"async a=>", "1", ""}, {"async (a)=>", "1", ""}, {"a=>{", "", "}"},
	{"2**", "1", ""}, {"a=", "1", ""}, {"a+=", "1", ""}, {"a<", "1", ""}, {"a in ", "b", ""}, {"a instanceof ", "b", ""},
	{"if(a)", "1", ""}, {"if(a);else ", "1", ""}, {"if(a){}else ", "1", ""}, {"if(a)\n", "1", ""}, {"while(a)", "1", ""}, {"for(;;)", "1", ""},
	{"do ", "1", ";while(0)"}, {"with(a)", "1", ""}, {"for await(a of b)", "1", ""}, {"1+", "1", ""}, {"'a'+", "'b'", ""}, {"a&&", "1", ""}, {"a||", "1", ""},
	{"a??", "1", ""}, {"a,", "1", ""}, {"a==", "b", ""}, {"a.", "a", ""}, {"a?.", "a", ""}, {"", "a", "()"}, {"", "a", "[0]"}, {"", "a", "``"},
	{"`${", "1", "}`"}, {"1;", "1", ""}, {"a=1\n", "1", ""}, {"{}", "", ""}, {"{let a=1}", "", ""}, {"function f(){}", "", ""}, {"a=>1;", "1", ""},
	{"function f(){", "", "}"}, {"(function(){", "", "})()"}, {"try{", "", "}catch{}"}, {"switch(a){case 1:", "", "}"}, {"class A{a=", "1", "}"},
	{"class A{static{", "", "}}"}, {"[a=", "1", "]=x"}, {"[...", "a", "]"}, {"({a(){", "", "}})"}, {"(a=", "1", ")=>1"}, {"async(a=", "1", ")=>1"},
	{"({a=", "1", "})=>1"}, {"(a,b=", "1", ")=>1"}, {"a?(b):", "c", ""}, {"a?(x):y=>(", "1", ")"}, {"a?(x):y=>{", "", "}"}, {"(", "", ""}, {"[", "", ""}, {"{", "", ""},
	{"({a:", "", ""}, {"`${", "", ""}, {")", "", ""}, {"}", "", ""}, {"{using a=null;", "", "}"}, {"<T>(a)=>", "1", ""}, {"<any>", "1", ""}, {"declare ", "x", ""},
	{"", "x", " as any"}, {"", "x", "!"}, {"let x:", "a", "[]"}, {"let x:(", "a", ")"}, {"x as a<", "b", ">"}, {"@a ", "class A{}", ""}, {"yield ", "1", ""},
	{"//a\n", "1", ""}, {"/*a*/", "1", ""}, {"\n", "1", ""}, {"'a';", "1", ""}, {"/a/;", "1", ""}, {"case 1:", "", ""}, {"class extends ", "x{}", "{}"},
	{"f<a<", "b", ">>()"}, {"type A = keyof ", "a", ""}, {"a<b,", "c", ""}, {"x\n", "1", ""}, {"import a from 'b'\n", "", ""}, {"import('a')+", "1", ""}, {"using a=b\n", "", ""},
	{"a:", "1", ""}, {"let a=1,b=", "1", ""}, {"async ", "x", ""}, {"++", "x", ""}, {"--", "x", ""}, {"...", "x", ""}, {"=>", "x", ""}, {"?.", "x", ""},
	{"{a:b,", "c", ""}, {"a?b,c:", "d", ""}, {"\\u{61}", "", ""}, {"#", "a", ""}, {"\u2028", "1", ""}, {"😀", "", ""}, {"\x00", "", ""}, {"'", "", ""}, {"\\", "", ""},
}

// TestKillers compiles every form at several sizes in a child process: a stack
// overflow is fatal, and must be seen as the failure of this test.
func TestKillers(t *testing.T) {
	if os.Getenv("SOURCE_KILLERS") != "" {
		for i, k := range killers {
			for _, n := range []int{10, 24, 190, 900, 30_000, 200_000} {
				if n*(len(k.head)+len(k.tail)) > MaxBytes {
					n = MaxBytes / (len(k.head) + len(k.tail) + 1)
				}
				src := strings.Repeat(k.head, n) + k.middle + strings.Repeat(k.tail, n)
				start := cpuTime()
				fmt.Printf("begin %d %d\n", i, n)
				if err := Guard(src); err == nil {
					_, _ = Check(src)
				}
				fmt.Printf("end %d %d %d\n", i, n, (cpuTime() - start).Milliseconds())
			}
		}
		return
	}
	child := exec.Command(os.Args[0], "-test.run=^TestKillers$")
	child.Env = append(os.Environ(), "SOURCE_KILLERS=1")
	out, err := child.CombinedOutput()
	if err != nil {
		if len(out) > 2000 {
			out = append(out[:1000], out[len(out)-1000:]...)
		}
		t.Fatalf("the process died: %v\n%s", err, out)
	}
	for _, line := range strings.Split(string(out), "\n") {
		var i, n, ms int
		if _, err := fmt.Sscanf(line, "end %d %d %d", &i, &n, &ms); err == nil && ms > 1000*raceFactor {
			t.Errorf("%q × %d took %d ms of CPU", killers[i].head+killers[i].middle+killers[i].tail, n, ms)
		}
	}
}

// cpuTime is what this process has used: other processes do not count.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// TestGuardLetsOrdinaryCodePass: size alone is no reason to refuse.
func TestGuardLetsOrdinaryCodePass(t *testing.T) {
	object := map[string]any{}
	for i := range 5000 {
		object[fmt.Sprint("key ", i)] = []any{i, "x", map[string]any{"a": nil}}
	}
	document, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	for name, src := range map[string]string{
		"lines without semicolons": strings.Repeat("x = a ? b : !c\ny = x => x + 1\n", 3000),
		"lines with semicolons":    strings.Repeat("x = a ? b : !c; y = x => x + 1;\n", 3000),
		"a JSON document":          "x = " + string(document),
		"a JSON document alone":    string(document),
		"cases":                    "switch (x) {" + strings.Repeat("case 1: case 'a': f(); break\n", 3000) + "}",
		"if and else":              strings.Repeat("if (a) { b } else if (c) d; else e\n", 3000),
		"methods":                  "class A {" + strings.Repeat("m() { return this }\n", 3000) + "}",
		"fields":                   "class A {" + strings.Repeat("f = 1\n", 3000) + "}",
		"arguments":                "f(" + strings.Repeat("!a, b = 1, ", 3000) + "1)",
		"a chain of calls":         "a" + strings.Repeat(".b(c => c)\n", 400),
		"a template":               "`" + strings.Repeat("<li>${a ? b : c}</li>", 3000) + "`",
		"calls":                    strings.Repeat("foo(a)(b)\n", 3000),
		"regexes":                  strings.Repeat("x = /[/(]/.test(y)\n", 3000),
		"functions":                strings.Repeat("function f(a, b = {}) { if (a) return b\n return a }\n", 2000),
	} {
		if err := Guard(src); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if verdict, err := Check(src); verdict != Complete {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestGuardSaysWhere(t *testing.T) {
	err := Guard("1\n" + strings.Repeat("(", 2000))
	e, ok := err.(*Error)
	if !ok || e.Line != 2 || e.Column != MaxDepth+1 || e.Hint == "" {
		t.Errorf("%+v", err)
	}
	if err := Guard(strings.Repeat(" ", MaxBytes+1)); err == nil {
		t.Error("a megabyte and more passed")
	}
	if err := Guard(strings.Repeat("a;", MaxTokens)); err == nil {
		t.Error("too many tokens passed")
	}
}

func TestDepth(t *testing.T) {
	for _, test := range []struct {
		text string
		ok   bool
	}{
		{`{"a":[1]}`, true}, {`[[[1]]]`, false}, {`["[[[[", "\"[[[["]`, true}, {`[],[],[],[]`, true}, {``, true}, {`"[[[`, true},
	} {
		if err := Depth(test.text, 2); (err == nil) != test.ok {
			t.Errorf("%s: %v", test.text, err)
		}
	}
}
