package jsbind

import "github.com/dop251/goja"

// exceptionGroupSource is ExceptionGroup as in PEP 654: several errors together, as an AggregateError. A condition is an error class, an
// array of classes or a function.
const exceptionGroupSource = `(function (AggregateError) {
	const isClass = f => f === Error || typeof f === 'function' && f.prototype instanceof Error;
	const matcher = condition => {
		if (Array.isArray(condition)) {
			const all = condition.map(matcher);
			return e => all.some(f => f(e));
		}
		if (isClass(condition)) return e => e instanceof condition;
		if (typeof condition === 'function') return condition;
		throw new TypeError('the condition is an error class, an array of them or a function');
	};
	class ExceptionGroup extends AggregateError {
		constructor(message, exceptions) {
			if (typeof message !== 'string') throw new TypeError('the first argument of ExceptionGroup is its message');
			if (!Array.isArray(exceptions)) throw new TypeError('the second argument of ExceptionGroup is an array of errors');
			if (exceptions.length === 0) throw new RangeError('the second argument of ExceptionGroup is empty: a group holds at least one error');
			super(exceptions, message);
		}
		get exceptions() { return [...this.errors]; }
		derive(exceptions) { return new ExceptionGroup(this.message, exceptions); }
		subgroup(condition) { return this.split(condition)[0]; }
		split(condition) {
			const matches = matcher(condition);
			return split(this, matches);
		}
	}
	const split = (group, matches) => {
		if (matches(group)) return [group, null];
		const yes = [], no = [];
		for (const e of group.errors) {
			if (e instanceof ExceptionGroup) {
				const [y, n] = split(e, matches);
				if (y) yes.push(y);
				if (n) no.push(n);
			} else {
				(matches(e) ? yes : no).push(e);
			}
		}
		const part = list => {
			if (list.length === 0) return null;
			if (list.length === group.errors.length && list.every((e, i) => e === group.errors[i])) return group;
			const derived = group.derive(list);
			if ('cause' in group && !('cause' in derived)) derived.cause = group.cause;
			return derived;
		};
		return [part(yes), part(no)];
	};
	Object.defineProperty(ExceptionGroup.prototype, 'name', {value: 'ExceptionGroup', writable: true, configurable: true});
	return [ExceptionGroup, split, v => v instanceof ExceptionGroup];
})`

// exceptionGroup is the global class ExceptionGroup.
func (rt *Runtime) exceptionGroup() goja.Value {
	if rt.groupClass == nil {
		made, err := rt.compileIntrinsic("exceptiongroup.js", exceptionGroupSource)(goja.Undefined(), rt.aggregate)
		must(err)
		list, _ := rt.list(made)
		rt.groupClass = list[0].ToObject(rt.vm)
		rt.splitGroup, _ = goja.AssertFunction(list[1])
		rt.isGroup, _ = goja.AssertFunction(list[2])
	}
	return rt.groupClass
}

// newGroup is an ExceptionGroup of the given errors.
func (rt *Runtime) newGroup(message string, reasons []goja.Value) goja.Value {
	class := rt.exceptionGroup()
	list := make([]any, len(reasons))
	for i, r := range reasons {
		list[i] = r
	}
	g, err := rt.vm.New(class, rt.vm.ToValue(message), rt.array(list...))
	must(err)
	return g
}

// withoutCancellation takes the cancellation errors out of an error: what is left of it, nil for nothing, and whether there were
// any.
func (rt *Runtime) withoutCancellation(reason goja.Value) (left goja.Value, found bool) {
	if rt.isStop(reason) {
		return reason, false
	}
	if rt.isCancelError(reason) {
		return nil, true
	}
	if rt.isGroup == nil {
		return reason, false
	}
	is, err := rt.isGroup(goja.Undefined(), reason)
	if err != nil || !is.ToBoolean() {
		return reason, false
	}
	matches := rt.vm.ToValue(func(call goja.FunctionCall) goja.Value { return rt.vm.ToValue(rt.isCancelError(call.Argument(0))) })
	parts, err := rt.splitGroup(goja.Undefined(), reason, matches)
	if err != nil {
		return rt.thrown(err), false
	}
	list, _ := rt.list(parts)
	if goja.IsNull(list[0]) {
		return reason, false
	}
	if goja.IsNull(list[1]) {
		return nil, true
	}
	return list[1], true
}
