package source

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// Bundle reads the module that a cell imports, and all that it imports in turn, and returns one expression that evaluates to
// its namespace object. Dir is the directory that a relative specifier counts from. Files are read with read alone, which
// decides what may be read; its errors come back wrapped. JavaScript, TypeScript and JSON files and the packages of a
// node_modules directory are found as esbuild finds them.
func Bundle(dir, specifier string, read func(path string) ([]byte, error)) (string, error) {
	var refused error
	files := api.Plugin{Name: "files", Setup: func(b api.PluginBuild) {
		b.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: "file"}, func(args api.OnLoadArgs) (api.OnLoadResult, error) {
			text, err := read(args.Path)
			if err != nil {
				refused = err
				return api.OnLoadResult{}, err
			}
			contents, loader := string(text), loaders[strings.ToLower(filepath.Ext(args.Path))]
			if loader == api.LoaderNone {
				refused = fmt.Errorf("%s is no .js, .mjs, .cjs, .ts or .json file", args.Path)
				return api.OnLoadResult{}, refused
			}
			return api.OnLoadResult{Contents: &contents, Loader: loader}, nil
		})
	}}
	result := api.Build(api.BuildOptions{
		Stdin: &api.StdinOptions{
			Contents:   "import * as namespace from " + strconv.Quote(specifier) + "; export { namespace }",
			ResolveDir: dir, Sourcefile: "import",
		},
		AbsWorkingDir: dir, Bundle: true, Write: false, LogLevel: api.LogLevelSilent,
		Format: api.FormatIIFE, GlobalName: "module", Platform: api.PlatformNeutral, MainFields: []string{"module", "main"},
		Target: lowering.Target, Supported: lowering.Supported, TsconfigRaw: lowering.TsconfigRaw, Charset: lowering.Charset,
		Plugins: []api.Plugin{files},
	})
	if refused != nil {
		return "", refused
	}
	if len(result.Errors) > 0 {
		e := result.Errors[0]
		if e.Location == nil || e.Location.File == "import" {
			return "", errors.New(e.Text)
		}
		return "", fmt.Errorf("%s:%d:%d: %s", e.Location.File, e.Location.Line, e.Location.Column+1, e.Text)
	}
	if len(result.OutputFiles) != 1 {
		return "", errors.New("the module could not be bundled into one file")
	}
	code := string(result.OutputFiles[0].Contents)
	if err := Guard(code); err != nil {
		return "", err
	}
	// The namespace is copied into an object of its own: its bindings are read once, and print as values.
	return "(() => {\n" + code + "\nconst namespace = Object.create(null);" +
		"for (const name of Object.keys(module.namespace).sort()) namespace[name] = module.namespace[name];" +
		"Object.defineProperty(namespace, Symbol.toStringTag, {value: 'Module'});" +
		"return Object.freeze(namespace) })()", nil
}

var loaders = map[string]api.Loader{
	".js": api.LoaderJS, ".mjs": api.LoaderJS, ".cjs": api.LoaderJS, ".ts": api.LoaderTS, ".mts": api.LoaderTS, ".json": api.LoaderJSON,
}
