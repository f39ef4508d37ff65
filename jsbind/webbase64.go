package jsbind

import (
	"encoding/base64"
	"strings"

	"github.com/dop251/goja"
)

// atob and btoa (https://html.spec.whatwg.org/#atob). Their binary texts have one character, U+0000 to U+00FF, for each byte.

func (rt *Runtime) btoa(args []goja.Value) goja.Value {
	rt.needs(args, 1, "btoa")
	text := rt.scalar(args[0])
	bytes := make([]byte, 0, len(text))
	for _, r := range text {
		if r > 0xFF {
			panic(rt.newDOMException("InvalidCharacterError", "btoa takes characters up to U+00FF, one for each byte; encode other text first: btoa(String.fromCharCode(...new TextEncoder().encode(text)))"))
		}
		bytes = append(bytes, byte(r))
	}
	return rt.vm.ToValue(base64.StdEncoding.EncodeToString(bytes))
}

func (rt *Runtime) atob(args []goja.Value) goja.Value {
	rt.needs(args, 1, "atob")
	bytes, ok := forgivingBase64(rt.scalar(args[0]))
	if !ok {
		panic(rt.newDOMException("InvalidCharacterError", "atob takes base64 text, not "+rt.brief(args[0])))
	}
	var b strings.Builder
	b.Grow(len(bytes))
	for _, c := range bytes {
		b.WriteRune(rune(c))
	}
	return rt.vm.ToValue(b.String())
}

// forgivingBase64 is Infra's "forgiving-base64 decode": white space anywhere, padding or none, spare bits ignored.
func forgivingBase64(text string) ([]byte, bool) {
	text = strings.Map(func(c rune) rune {
		if strings.ContainsRune("\t\n\f\r ", c) {
			return -1
		}
		return c
	}, text)
	if len(text)%4 == 0 {
		text = strings.TrimSuffix(strings.TrimSuffix(text, "="), "=")
	}
	bytes, err := base64.RawStdEncoding.DecodeString(text)
	return bytes, err == nil
}
