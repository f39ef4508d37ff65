package jsbind

import (
	"context"
	"slices"
	"testing"
	"time"
)

func TestComplete(t *testing.T) {
	start := time.Now()
	rt, err := New(Options{Opened: start, Elapsed: func() time.Duration { return time.Since(start) }})
	if err != nil {
		t.Fatal(err)
	}
	defer rt.Close(time.Second)
	rt.Eval(context.Background(), "c1", "const user = {name: 'Ada', get secret() { globalThis.ran = true; return {inner: 1} }}; let ran = false; const r = new httpx.Response(200, {headers: {'x-lesson': '1'}})", false)
	for _, test := range []struct {
		text  string
		start int
		want  string // a candidate that must be offered
		not   string // one that must not
	}{
		{"cli", 0, "client", "console"},
		{"await client.g", 13, "get", "post"},
		{"client.", 7, "stream", "hasOwnProperty"},
		{"client.aiter", 7, "", "aiter_bytes"},
		{"client?.he", 8, "headers", ""},
		{"user.", 5, "name", "toString"},
		{"user.secret.", 12, "", "inner"},
		{"r.headers['x", 11, "x-lesson']", ""},
		{"`${user.na", 8, "name", ""},
		{"[1, 2].", 7, "map", "padStart"},
		{"'a'.pad", 4, "padStart", "map"},
		{"(await client.get(lab.url)).st", 28, "statusCode", ""},
		{"client.get(url, {fol", 17, "followRedirects: ", "json: "},
		{"client.post(url, {js", 18, "json: ", "client"},
		{"client.post(url, {json: {a: 1}, he", 32, "headers: ", "client"},
		{"httpx.Conn", 6, "ConnectError", "ReadError"},
		{"nobody.", 7, "", "anything"},
		{"", 0, "await", ""},
	} {
		from, list := rt.Complete(test.text, len(test.text))
		var names []string
		for _, c := range list {
			names = append(names, c.Text)
		}
		if from != test.start {
			t.Errorf("%q completes from %d, want %d", test.text, from, test.start)
		}
		if test.want != "" && !slices.Contains(names, test.want) {
			t.Errorf("%q does not offer %q but %v", test.text, test.want, names)
		}
		if test.not != "" && slices.Contains(names, test.not) {
			t.Errorf("%q offers %q", test.text, test.not)
		}
	}
	if r := rt.Eval(context.Background(), "c2", "if (ran) throw new Error('a getter ran')", false); r.Failed {
		t.Error("completion ran a getter of the user's")
	}
}
