package jsbind

import (
	"strings"
	"unicode/utf8"

	"github.com/dop251/goja"
)

// TextEncoder and TextDecoder (https://encoding.spec.whatwg.org/#api).

type textEncoder struct{}

func (rt *Runtime) textEncoderClass() *class {
	return rt.once(&rt.web.textEncoder, func() classSpec {
		return classSpec{
			name:      "TextEncoder",
			construct: func(goja.ConstructorCall) any { return textEncoder{} },
			accessors: []accessor{{name: "encoding", get: func(*hostObject) goja.Value { return rt.vm.ToValue("utf-8") }}},
			methods: []member{
				{"encode", 0, func(_ *hostObject, args []goja.Value) goja.Value {
					if missing(arg(args, 0)) {
						return rt.bytes(nil)
					}
					return rt.bytes([]byte(rt.scalar(args[0])))
				}},
				{"encodeInto", 2, func(_ *hostObject, args []goja.Value) goja.Value {
					rt.needs(args, 2, "TextEncoder.encodeInto")
					text := rt.scalar(args[0])
					view, ok := rt.viewOf(args[1])
					if !ok || view.name != "Uint8Array" {
						panic(rt.vm.NewTypeError("TextEncoder.encodeInto writes into a Uint8Array, not %s", rt.brief(args[1])))
					}
					read, written := encodeInto(text, view.bytes())
					result := rt.vm.NewObject()
					must(result.DefineDataProperty("read", rt.vm.ToValue(read), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE))
					must(result.DefineDataProperty("written", rt.vm.ToValue(written), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE))
					return result
				}},
			},
		}
	})
}

// encodeInto writes as many whole characters as there is room for. It returns how many UTF-16 code units it read and how
// many bytes it wrote.
func encodeInto(text string, to []byte) (read, written int) {
	for _, r := range text {
		size := utf8.RuneLen(r)
		if written+size > len(to) {
			break
		}
		utf8.EncodeRune(to[written:], r)
		written += size
		read++
		if r > 0xFFFF {
			read++
		}
	}
	return read, written
}

// textDecoder is a TextDecoder's state.
type textDecoder struct {
	encoding  string
	fatal     bool
	ignoreBOM bool
	open      func() streamDecoder
	stream    streamDecoder // nil: the next call begins a stream
	begun     bool          // the stream gave its first character
}

func (rt *Runtime) textDecoderClass() *class {
	return rt.once(&rt.web.textDecoder, func() classSpec {
		of := func(h *hostObject) *textDecoder { return h.value.(*textDecoder) }
		return classSpec{
			name: "TextDecoder",
			construct: func(call goja.ConstructorCall) any {
				label := "utf-8"
				if !missing(call.Argument(0)) {
					label = rt.scalar(call.Argument(0))
				}
				open, name, ok := newStreamDecoder(label)
				if !ok {
					panic(rt.newError("RangeError", "TextDecoder knows no encoding named "+rt.brief(rt.vm.ToValue(label))))
				}
				o := rt.options(call.Argument(1), "TextDecoder", "fatal", "ignoreBOM")
				return &textDecoder{encoding: name, open: open, fatal: o.truthy("fatal"), ignoreBOM: o.truthy("ignoreBOM")}
			},
			accessors: []accessor{
				{name: "encoding", get: func(h *hostObject) goja.Value { return rt.vm.ToValue(of(h).encoding) }},
				{name: "fatal", get: func(h *hostObject) goja.Value { return rt.vm.ToValue(of(h).fatal) }},
				{name: "ignoreBOM", get: func(h *hostObject) goja.Value { return rt.vm.ToValue(of(h).ignoreBOM) }},
			},
			methods: []member{{"decode", 0, func(h *hostObject, args []goja.Value) goja.Value {
				more := rt.options(arg(args, 1), "TextDecoder.decode", "stream").truthy("stream")
				var bytes []byte
				if !missing(arg(args, 0)) {
					var ok bool
					if bytes, ok = rt.bytesOf(args[0]); !ok {
						panic(rt.vm.NewTypeError("TextDecoder.decode takes an ArrayBuffer, a typed array or a DataView, not %s", rt.brief(args[0])))
					}
				}
				rt.bound("The text", float64(len(bytes)), maxText, "bytes")
				text, ok := of(h).decode(bytes, more)
				if !ok {
					panic(rt.vm.NewTypeError("the bytes are not valid %s", of(h).encoding))
				}
				return rt.vm.ToValue(text)
			}}},
		}
	})
}

// truthy reads an option as a boolean.
func (o options) truthy(name string) bool { return o[name] != nil && o[name].ToBoolean() }

// decode decodes the next bytes; more tells that others follow. It fails only when the decoder is fatal.
func (d *textDecoder) decode(bytes []byte, more bool) (string, bool) {
	if d.stream == nil {
		d.stream, d.begun = d.open(), false
	}
	text, clean := d.stream.decode(bytes, !more)
	if !d.begun && text != "" {
		d.begun = true
		if !d.ignoreBOM && strings.HasPrefix(d.encoding, "utf-") {
			text = strings.TrimPrefix(text, "\uFEFF")
		}
	}
	if !more || d.fatal && !clean {
		d.stream = nil
	}
	return text, clean || !d.fatal
}
