package jsbind

import (
	"fmt"

	"github.com/dop251/goja"
	"github.com/dop251/goja/parser"

	"httpx-repl/jsbind/loop"
	"httpx-repl/jsbind/source"
)

// importModule serves import and import(): local files that the user allowed to be read, bundled into one program. What was
// read is part of the record, so a replay needs no file.
func (rt *Runtime) importModule(specifier, _ string, _ goja.Value) goja.Value {
	if v := rt.modules[specifier]; v != nil {
		return v
	}
	promise := rt.async(func(*loop.Coroutine) (goja.Value, error) { return rt.loadModule(specifier) })
	rt.modules[specifier] = promise
	return promise
}

func (rt *Runtime) loadModule(specifier string) (goja.Value, error) {
	var failed error
	code, ok := rt.outside("import:"+specifier, func() (string, bool) {
		if rt.o.ReadFile == nil {
			failed = fmt.Errorf("this session reads no files")
			return "", false
		}
		code, err := source.Bundle(rt.o.ModuleDir, specifier, rt.o.ReadFile)
		failed = err
		return code, err == nil
	})
	if !ok {
		delete(rt.modules, specifier)
		if failed == nil {
			failed = fmt.Errorf("the recorded session did not import it")
		}
		return nil, &thrownError{rt.newError("Error", fmt.Sprintf("cannot import %s: %v", rt.brief(rt.vm.ToValue(specifier)), failed))}
	}
	program, err := compileModule(specifier, code)
	if err != nil {
		return nil, &thrownError{rt.newError("SyntaxError", fmt.Sprintf("cannot import %s: %v", rt.brief(rt.vm.ToValue(specifier)), err))}
	}
	return rt.vm.RunProgram(program)
}

// compileModule compiles without looking at source maps: a comment in the module must not make the parser open a file.
func compileModule(name, code string) (*goja.Program, error) {
	tree, err := goja.Parse(name, code, parser.WithDisableSourceMaps)
	if err != nil {
		return nil, err
	}
	return goja.CompileAST(tree, false)
}
