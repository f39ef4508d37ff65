package jsbind

import "github.com/dop251/goja"

// domExceptionSource defines DOMException (https://webidl.spec.whatwg.org/#idl-DOMException). As in Node, the second
// argument may also be {name, cause}. Name and code are own properties, so that an error prints without running a getter.
const domExceptionSource = `(function (names) {
	const codes = new Map();
	const hidden = (o, name, value) => Object.defineProperty(o, name, {value, writable: true, configurable: true});
	class DOMException extends Error {
		constructor(message = '', options = 'Error') {
			const detailed = options !== null && typeof options === 'object';
			super(message, detailed && 'cause' in options ? {cause: options.cause} : undefined);
			const name = String(detailed ? options.name ?? 'Error' : options);
			hidden(this, 'message', String(message));
			hidden(this, 'name', name);
			hidden(this, 'code', codes.get(name) ?? 0);
		}
	}
	Object.defineProperty(DOMException, 'length', {value: 0, configurable: true});
	Object.defineProperty(DOMException.prototype, Symbol.toStringTag, {value: 'DOMException', configurable: true});
	names.forEach(([name, constant], i) => {
		for (const o of [DOMException, DOMException.prototype])
			Object.defineProperty(o, constant, {value: i + 1, enumerable: true});
		codes.set(name, i + 1);
	});
	codes.delete('');
	return DOMException;
})`

// domExceptionNames are the names that have a code, which is their place in this list from 1, each with the code's constant.
// A constant without a name is one of the past.
var domExceptionNames = [][2]string{
	{"IndexSizeError", "INDEX_SIZE_ERR"},
	{"", "DOMSTRING_SIZE_ERR"},
	{"HierarchyRequestError", "HIERARCHY_REQUEST_ERR"},
	{"WrongDocumentError", "WRONG_DOCUMENT_ERR"},
	{"InvalidCharacterError", "INVALID_CHARACTER_ERR"},
	{"", "NO_DATA_ALLOWED_ERR"},
	{"NoModificationAllowedError", "NO_MODIFICATION_ALLOWED_ERR"},
	{"NotFoundError", "NOT_FOUND_ERR"},
	{"NotSupportedError", "NOT_SUPPORTED_ERR"},
	{"InUseAttributeError", "INUSE_ATTRIBUTE_ERR"},
	{"InvalidStateError", "INVALID_STATE_ERR"},
	{"SyntaxError", "SYNTAX_ERR"},
	{"InvalidModificationError", "INVALID_MODIFICATION_ERR"},
	{"NamespaceError", "NAMESPACE_ERR"},
	{"InvalidAccessError", "INVALID_ACCESS_ERR"},
	{"", "VALIDATION_ERR"},
	{"TypeMismatchError", "TYPE_MISMATCH_ERR"},
	{"SecurityError", "SECURITY_ERR"},
	{"NetworkError", "NETWORK_ERR"},
	{"AbortError", "ABORT_ERR"},
	{"URLMismatchError", "URL_MISMATCH_ERR"},
	{"QuotaExceededError", "QUOTA_EXCEEDED_ERR"},
	{"TimeoutError", "TIMEOUT_ERR"},
	{"InvalidNodeTypeError", "INVALID_NODE_TYPE_ERR"},
	{"DataCloneError", "DATA_CLONE_ERR"},
}

func (rt *Runtime) domExceptionCtor() *goja.Object {
	if rt.web.domExceptionClass == nil {
		v, err := rt.compileIntrinsic("domexception.js", domExceptionSource)(goja.Undefined(), rt.pairList(domExceptionNames))
		must(err)
		rt.web.domExceptionClass = v.ToObject(rt.vm)
	}
	return rt.web.domExceptionClass
}

// newDOMException makes a DOMException.
func (rt *Runtime) newDOMException(name, message string) goja.Value {
	e, err := rt.vm.New(rt.domExceptionCtor(), rt.vm.ToValue(message), rt.vm.ToValue(name))
	must(err)
	return e
}
