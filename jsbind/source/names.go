package source

import (
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Kind is how a session variable was declared.
type Kind uint8

const (
	Var Kind = iota + 1
	Function
	Let
	Const
	Class
	Using
)

func (k Kind) String() string {
	return [...]string{"", "var", "function", "let", "const", "class", "using"}[k]
}

// Lexical reports whether a binding of this kind has a dead zone.
func (k Kind) Lexical() bool { return k >= Let }

// Constant reports whether a binding of this kind cannot be assigned.
func (k Kind) Constant() bool { return k == Const || k == Using }

// replaces reports whether a later cell may declare k over old, as in V8's REPL
// mode: only the same kind, var and function counting as one.
func (k Kind) replaces(old Kind) bool {
	return k == old || !k.Lexical() && !old.Lexical()
}

// A Name is one top-level binding.
type Name struct {
	Name string
	Kind Kind
}

// Names holds the top-level bindings of one session. It may be used from several
// goroutines. Cells enter their names with Begin, not with Compile.
type Names struct {
	mu     sync.Mutex
	kinds  map[string]Kind
	serial uint64
}

// NewNames returns the names of a fresh session.
func NewNames() *Names { return &Names{kinds: map[string]Kind{}} }

// Kind returns how name was declared; ok is false for names no cell declared,
// such as tools that the host installed.
func (n *Names) Kind(name string) (k Kind, ok bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	k, ok = n.kinds[name]
	return k, ok
}

// List returns all bindings sorted by name.
func (n *Names) List() []Name {
	n.mu.Lock()
	defer n.mu.Unlock()
	list := make([]Name, 0, len(n.kinds))
	for name, kind := range n.kinds {
		list = append(list, Name{name, kind})
	}
	slices.SortFunc(list, func(a, b Name) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// Forget drops a binding, so that any kind may be declared next. Use Release to
// drop the constness that a runtime keeps as well.
func (n *Names) Forget(name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.kinds, name)
}

func (n *Names) declare(name string, kind Kind) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.kinds[name] = kind
}

// nextTag returns a short string that no other cell of the session has.
func (n *Names) nextTag() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.serial++
	return strconv.FormatUint(n.serial, 36)
}
