package jsbind

import (
	"context"
	"io"

	"github.com/dop251/goja"

	"httpx-repl/engine"
	"httpx-repl/jsbind/loop"
)

// body reads HTTPX's body options: content, json, data and files. Two bodies at once are a TypeError, where HTTPX drops one in
// silence.
func (rt *Runtime) body(o options, headers *engine.Headers) (engine.Content, [][2]string) {
	var given []string
	form := false
	for _, name := range []string{"content", "json", "data", "files"} {
		v := o[name]
		if v == nil || goja.IsNull(v) && name != "json" || (name == "data" || name == "files") && rt.isEmpty(v) {
			continue
		}
		if name == "data" || name == "files" {
			if form {
				continue
			}
			form = true
		}
		given = append(given, name)
	}
	if len(given) > 1 {
		panic(rt.vm.NewTypeError("a request has one body, but both %q and %q were given", given[0], given[1]))
	}
	if len(given) == 0 {
		return nil, nil
	}
	switch given[0] {
	case "content":
		return rt.content(o["content"])
	case "json":
		text, err := rt.jsonText(goja.Undefined(), o["json"])
		if err != nil {
			panic(err)
		}
		if missing(text) {
			panic(rt.vm.NewTypeError("json is a value that JSON can hold, not %s", rt.brief(o["json"])))
		}
		return engine.JSONContent([]byte(text.String()))
	}
	return rt.form(o, headers)
}

func (rt *Runtime) isEmpty(v goja.Value) bool {
	if list, ok := rt.list(v); ok {
		return len(list) == 0
	}
	o, ok := v.(*goja.Object)
	return ok && hostOf(v) == nil && len(rt.keys(o)) == 0
}

// content is a body as it is: a string, bytes, or an async iterable of either, which is sent as it is produced.
func (rt *Runtime) content(v goja.Value) (engine.Content, [][2]string) {
	if goja.IsString(v) {
		return engine.BytesContent([]byte(v.String()))
	}
	if b, ok := rt.bytesOf(v); ok {
		return engine.BytesContent(b)
	}
	if o, ok := v.(*goja.Object); ok {
		if f, ok := goja.AssertFunction(o.GetSymbol(rt.symbols.asyncIterator)); ok {
			c := &iterableContent{rt: rt, iterable: o, iterate: f}
			_, headers := engine.StreamContent(engine.NewBytesStream(nil), -1)
			return c, headers
		}
		if _, ok := goja.AssertFunction(o.GetSymbol(goja.SymIterator)); ok {
			panic(rt.newError("Error", "Attempted to send a sync request with an AsyncClient instance. Give an async iterable, such as an async generator, or the bytes themselves."))
		}
	}
	panic(rt.vm.NewTypeError("content is a string, bytes or an async iterable of them, not %s", rt.brief(v)))
}

// form is an urlencoded body, or a multipart one when there are files.
func (rt *Runtime) form(o options, headers *engine.Headers) (engine.Content, [][2]string) {
	data, files := o["data"], o["files"]
	if none(files) || rt.isEmpty(files) {
		if goja.IsString(data) {
			return engine.BytesContent([]byte(data.String()))
		}
		if b, ok := rt.bytesOf(data); ok {
			return engine.BytesContent(b)
		}
		return engine.FormContent(rt.pairs(data, "data", rt.primitive))
	}
	boundary := ""
	if given, ok := headers.Get("Content-Type"); ok {
		boundary, _ = engine.BoundaryOf(given)
	}
	if boundary == "" {
		var err error
		if boundary, err = engine.NewBoundary(randomness{rt}); err != nil {
			rt.throw(err)
		}
	}
	var fields []engine.MultipartField
	if !none(data) {
		for _, p := range rt.pairs(data, "data", rt.primitive) {
			fields = append(fields, engine.MultipartField{Name: p[0], Value: []byte(p[1])})
		}
	}
	content, contentHeaders, err := engine.MultipartContent(fields, rt.files(files), boundary)
	if err != nil {
		rt.throw(err)
	}
	return content, contentHeaders
}

// files reads HTTPX's files: an object or a list of pairs, whose values are contents or [filename, content, type, headers].
func (rt *Runtime) files(v goja.Value) []engine.MultipartFile {
	var out []engine.MultipartFile
	add := func(name string, v goja.Value) {
		f := engine.MultipartFile{Name: name, Filename: "upload"}
		if tuple, ok := rt.list(v); ok {
			if len(tuple) < 2 || len(tuple) > 4 {
				panic(rt.vm.NewTypeError("a file is its content or [filename, content, type, headers], not %s", rt.brief(v)))
			}
			f.Filename = ""
			if !none(tuple[0]) {
				f.Filename = rt.text(tuple[0], "a filename")
			}
			if !none(arg(tuple, 2)) {
				f.ContentType = rt.text(tuple[2], "a file's content type")
			}
			f.Headers = rt.headersOf(arg(tuple, 3)).Raw()
			v = tuple[1]
		}
		f.Content, _ = rt.content(v)
		if _, streaming := f.Content.(loopContent); streaming {
			panic(rt.vm.NewTypeError("a file's content is a string or bytes, not %s", rt.brief(v)))
		}
		out = append(out, f)
	}
	if list, ok := rt.list(v); ok {
		for _, entry := range list {
			pair, ok := rt.list(entry)
			if !ok || len(pair) != 2 {
				panic(rt.vm.NewTypeError("files as a list has [name, file] pairs, not %s", rt.brief(entry)))
			}
			add(rt.text(pair[0], "a field's name"), pair[1])
		}
		return out
	}
	o, ok := v.(*goja.Object)
	if !ok {
		panic(rt.vm.NewTypeError("files is an object or a list of pairs, not %s", rt.brief(v)))
	}
	for _, key := range rt.keys(o) {
		add(key, o.Get(key))
	}
	return out
}

// iterableContent is a body that an async iterable produces on the loop.
type iterableContent struct {
	rt       *Runtime
	iterable *goja.Object
	iterate  goja.Callable
	started  goja.Value
}

// OnLoop tells the seam that the stream must be read on the loop.
func (c *iterableContent) OnLoop() bool { return true }

// Len implements engine.Content.
func (c *iterableContent) Len() int64 { return -1 }

// Stream implements engine.Content. An iterable that is its own iterator, such as a generator, can be read once.
func (c *iterableContent) Stream() (engine.ByteStream, error) {
	it, err := c.iterate(c.iterable)
	if err != nil {
		return nil, err
	}
	o, ok := it.(*goja.Object)
	if !ok {
		return nil, &thrownError{c.rt.vm.NewTypeError("the content's [Symbol.asyncIterator] gave no iterator")}
	}
	if o == c.started {
		return nil, engine.NewError(engine.StreamConsumed, nil, "")
	}
	c.started = o
	var next goja.Callable
	if err := c.rt.try(func() { next, _ = goja.AssertFunction(o.Get("next")) }); err != nil {
		return nil, err
	}
	if next == nil {
		return nil, &thrownError{c.rt.vm.NewTypeError("the content's iterator has no next method")}
	}
	return &iteratorStream{rt: c.rt, iterator: o, next: next}, nil
}

type iteratorStream struct {
	rt       *Runtime
	iterator *goja.Object
	next     goja.Callable
	done     bool
}

// Next implements engine.ByteStream; it waits on the loop.
func (s *iteratorStream) Next(ctx context.Context) ([]byte, error) {
	c := loop.FromContext(ctx)
	for {
		v, err := s.rt.call(c, s.next, s.iterator)
		if err != nil {
			s.done = c.Scope().Err() == nil // otherwise it was not the iterator that failed
			return nil, err
		}
		var chunk []byte
		if err := s.rt.try(func() { chunk = s.chunk(v) }); err != nil {
			return nil, err
		}
		if s.done {
			return nil, io.EOF
		}
		if len(chunk) > 0 {
			return chunk, nil
		}
	}
}

// chunk reads the iterator's result; it sets done at the end.
func (s *iteratorStream) chunk(v goja.Value) []byte {
	result, ok := v.(*goja.Object)
	if !ok {
		panic(s.rt.vm.NewTypeError("the content's iterator gave %s, which is no object", s.rt.brief(v)))
	}
	if done := result.Get("done"); done != nil && done.ToBoolean() {
		s.done = true
		return nil
	}
	value := result.Get("value")
	if value == nil {
		value = goja.Undefined()
	}
	if goja.IsString(value) {
		return []byte(value.String())
	}
	b, ok := s.rt.bytesOf(value)
	if !ok {
		panic(s.rt.vm.NewTypeError("a request body is made of strings or bytes, not %s", s.rt.brief(value)))
	}
	return b
}

// Close implements engine.ByteStream: an iterator that was not read to its end is told so.
func (s *iteratorStream) Close() error {
	if s.done {
		return nil
	}
	s.done = true
	var f goja.Callable
	err := s.rt.try(func() { f, _ = goja.AssertFunction(s.iterator.Get("return")) })
	if f == nil {
		return err
	}
	_, err = f(s.iterator)
	return err
}
