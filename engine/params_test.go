package engine

import (
	"fmt"
	"slices"
	"testing"
)

func TestQueryParams(t *testing.T) {
	abc := NewQueryParams([][2]string{{"a", "123"}, {"a", "456"}, {"b", "789"}})
	t.Run("QM01 the same from a string and from pairs", func(t *testing.T) {
		if parsed := ParseQuery("a=123&a=456&b=789"); !parsed.Equal(abc) || parsed.String() != "a=123&a=456&b=789" || abc.Len() != 2 {
			t.Errorf("got %q, %d keys", parsed, abc.Len())
		}
		if first, ok := abc.Get("a"); first != "123" || !ok {
			t.Errorf("got %q", first)
		}
		if _, ok := abc.Get("A"); ok {
			t.Error("keys must be case-sensitive")
		}
		if list := abc.GetList("a"); !slices.Equal(list, []string{"123", "456"}) || abc.GetList("c") != nil {
			t.Errorf("got %q", list)
		}
		if !slices.Equal(abc.Keys(), []string{"a", "b"}) {
			t.Errorf("got %q", abc.Keys())
		}
	})
	t.Run("QM01 equality ignores order", func(t *testing.T) {
		if !ParseQuery("b=1&a=2&a=1").Equal(ParseQuery("a=1&a=2&b=1")) || ParseQuery("a=1").Equal(ParseQuery("a=2")) ||
			ParseQuery("a=1").Equal(ParseQuery("a=1&a=1")) {
			t.Error("wrong equality")
		}
	})
	for _, test := range []struct{ name, query, want string }{
		{"QM03 no value", "a", "a="},
		{"QM03 empty value", "a=", "a="},
		{"QM05 grouped by key", "a=1&b=2&a=3&c=4&b=5", "a=1&a=3&b=2&b=5&c=4"},
		{"QM05 plus is a space", "a=b+c%2Bd", "a=b+c%2Bd"},
		{"QM05 only & separates", "a=1;b=2", "a=1%3Bb%3D2"},
		{"QM05 what stays unescaped", "a=-._~aZ09%21*/", "a=-._~aZ09%21%2A%2F"},
		{"QM05 empty fields", "&&a=1&", "a=1"},
		{"QM05 a second equals sign", "a=b=c", "a=b%3Dc"},
		{"QM05 bytes that are not UTF-8", "a=%ff", "a=%EF%BF%BD"},
		{"QM05 a broken escape", "a=%4", "a=%254"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := ParseQuery(test.query).String(); got != test.want {
				t.Errorf("got %q", got)
			}
		})
	}
	for _, test := range []struct {
		name string
		got  QueryParams
		want string
	}{
		{"QM04 set", abc.Set("a", "x"), "a=x&b=789"},
		{"QM04 set a new key", abc.Set("c", "x"), "a=123&a=456&b=789&c=x"},
		{"QM04 add", abc.Add("a", "x"), "a=123&a=456&a=x&b=789"},
		{"QM04 add a new key", abc.Add("c", "x"), "a=123&a=456&b=789&c=x"},
		{"QM04 remove", abc.Remove("a"), "b=789"},
		{"QM04 remove a missing key", abc.Remove("c"), "a=123&a=456&b=789"},
		{"QM04 merge", abc.Merge(ParseQuery("c=1&a=2&a=3")), "a=2&a=3&b=789&c=1"},
		{"QP02 merge new keys", ParseQuery("first=str").Merge(ParseQuery("second=dict")), "first=str&second=dict"},
		{"QP03 the key keeps its place", ParseQuery("a=1&b=2").Merge(ParseQuery("c=3&a=4")), "a=4&b=2&c=3"},
		{"QM04 merge into none", QueryParams{}.Merge(abc), "a=123&a=456&b=789"},
		{"QM04 merge nothing", abc.Merge(QueryParams{}), "a=123&a=456&b=789"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.got.String() != test.want {
				t.Errorf("got %q", test.got)
			}
			if abc.String() != "a=123&a=456&b=789" {
				t.Fatalf("the original changed to %q", abc)
			}
		})
	}
	t.Run("many interleaved keys", func(t *testing.T) {
		var pairs [][2]string
		for i := range 30_000 {
			pairs = append(pairs, [2]string{fmt.Sprint(i % 10_000), fmt.Sprint(i)})
		}
		q := NewQueryParams(pairs)
		if q.Len() != 10_000 || !slices.Equal(q.GetList("9999"), []string{"9999", "19999", "29999"}) || q.Merge(q).Len() != 10_000 {
			t.Errorf("got %d keys", q.Len())
		}
	})
}
