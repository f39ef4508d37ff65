package jsbind

import "httpx-repl/engine/event"

// labURL is the name under which the record keeps where the lab was: its port is another one every time.
const labURL, labHTTPSURL = "lab.url", "lab.httpsUrl"

// environment reads a variable from the outside world, or in a replay from the record.
func (rt *Runtime) environment(name string) (string, bool) {
	return rt.outside(name, func() (string, bool) {
		if rt.o.Env == nil {
			return "", false
		}
		return rt.o.Env(name)
	})
}

// outside is a fact that comes from outside the session: read once, recorded, and taken from the record in a replay.
func (rt *Runtime) outside(name string, read func() (string, bool)) (string, bool) {
	if v, ok := rt.facts[name]; ok {
		return v, true
	}
	var value string
	var ok bool
	if rt.loop.Replaying() {
		value, ok = rt.o.Tape.Env(name)
	} else {
		value, ok = read()
	}
	if ok {
		rt.facts[name] = value
		rt.loop.Record(event.Event{Kind: event.Env, Name: name, Text: value})
	}
	return value, ok
}
