package jsbind

import (
	"fmt"
	"strings"

	"github.com/dop251/goja"
)

// crypto (https://w3c.github.io/webcrypto/#Crypto-interface) from the session's randomness: a recorded session repeats its
// numbers, so none of them may serve as a key.

type crypto struct{}

// maxRandom is how many bytes one getRandomValues fills at most, by the standard.
const maxRandom = 65536

func (rt *Runtime) cryptoClass() *class {
	return rt.once(&rt.web.crypto, func() classSpec {
		return classSpec{
			name: "Crypto",
			methods: []member{
				{"getRandomValues", 1, func(_ *hostObject, args []goja.Value) goja.Value {
					rt.needs(args, 1, "crypto.getRandomValues")
					view, ok := rt.viewOf(args[0])
					if !ok {
						panic(rt.vm.NewTypeError("crypto.getRandomValues fills a typed array of integers, not %s", rt.brief(args[0])))
					}
					if view.elements < 0 || strings.HasPrefix(view.name, "Float") {
						panic(rt.newDOMException("TypeMismatchError", "crypto.getRandomValues fills a typed array of integers, not a "+view.name))
					}
					if view.length > maxRandom {
						panic(rt.newDOMException("QuotaExceededError", fmt.Sprintf("crypto.getRandomValues fills at most %d bytes at once, not %d", maxRandom, view.length)))
					}
					rt.fillRandom(view.bytes())
					return args[0]
				}},
				{"randomUUID", 0, func(*hostObject, []goja.Value) goja.Value {
					var id [16]byte
					rt.fillRandom(id[:])
					id[6] = id[6]&0x0F | 0x40 // RFC 9562: version 4
					id[8] = id[8]&0x3F | 0x80
					return rt.vm.ToValue(fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:]))
				}},
			},
		}
	})
}

func (rt *Runtime) fillRandom(b []byte) {
	_, err := randomness{rt}.Read(b)
	must(err) // it never fails
}
