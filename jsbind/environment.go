package jsbind

import "github.com/dop251/goja"

// environment is the env global: the variables that the user allowed, read-only. Each reading is part of the record.
type environment struct{ rt *Runtime }

// Get implements goja.DynamicObject.
func (e *environment) Get(key string) goja.Value {
	if v, ok := e.rt.environment(key); ok {
		return e.rt.vm.ToValue(v)
	}
	return nil
}

// Set implements goja.DynamicObject.
func (e *environment) Set(key string, _ goja.Value) bool {
	panic(e.rt.vm.NewTypeError("env is read-only; %s was not changed", key))
}

// Has implements goja.DynamicObject.
func (e *environment) Has(key string) bool {
	_, ok := e.rt.environment(key)
	return ok
}

// Delete implements goja.DynamicObject.
func (e *environment) Delete(key string) bool { return e.Set(key, nil) }

// Keys implements goja.DynamicObject: which names there are is nobody's business.
func (e *environment) Keys() []string { return nil }
