// Package scenario has a small language of asyncio programs, and runs them on the
// library's public API with a trace of what happens when. The same programs run on
// CPython in ../oracle; ../README.md describes the language.
package scenario

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

//go:embed language.json
var languageJSON []byte

// Language is language.json, which the oracle reads too.
var Language = func() (l language) {
	if err := json.Unmarshal(languageJSON, &l); err != nil {
		panic(err)
	}
	return l
}()

type language struct {
	Objects map[string]Spec
	Ops     map[string]Spec
	Gates   []Gate
}

// Spec says what an operation or object is made of.
type Spec struct {
	Fields []Field
	In     string   // "task" for what a callback cannot do though it does not wait
	Waits  bool     // an await point, so not for callbacks
	Quiet  bool     // has no line of its own in the trace
	Block  bool     // runs operations inside
	One    []string // of these fields exactly one is given
	Most   []string // of these fields at most one is given
	Does   string
}

// Field is a field's name and type.
type Field struct{ Name, Type string }

// UnmarshalJSON reads a pair.
func (f *Field) UnmarshalJSON(data []byte) error {
	var pair [2]string
	err := json.Unmarshal(data, &pair)
	f.Name, f.Type = pair[0], pair[1]
	return err
}

// Optional reports whether the field may be missing.
func (f Field) Optional() bool { return strings.HasSuffix(f.Type, "?") }

// kind is the type without what follows in it: "ref" of "ref:task|future?".
func (f Field) kind() (kind, detail string) {
	kind, detail, _ = strings.Cut(strings.TrimSuffix(f.Type, "?"), ":")
	return kind, detail
}

// holdsOps reports whether the field is a list of operations.
func (f Field) holdsOps() bool {
	kind, _ := f.kind()
	return kind == "ops" || kind == "callback" || kind == "body"
}

// mustDo reports whether a list of operations cannot be missing, where so much is given.
func (s Spec) mustDo(given map[string]any) bool {
	if slices.Contains(s.One, "do") {
		return !slices.ContainsFunc(s.One, func(name string) bool { return given[name] != nil })
	}
	return slices.ContainsFunc(s.Fields, func(f Field) bool { return f.Name == "do" && !f.Optional() })
}

// Gate says from which CPython on a program with these words behaves as it does on the
// newest.
type Gate struct {
	Has   []string // operations, kinds of objects, or fields that are given and not false
	Since string
	Why   string
}

// Beyond returns the gates that keep p from being compared on a CPython of a version:
// what it has that behaves otherwise there, or is not there.
func (p *Program) Beyond(version string) (gates []Gate) {
	words := map[string]bool{}
	for _, o := range p.Objects {
		words[o.Kind] = true
	}
	p.Walk(func(op *Op) {
		words[op.Op] = true
		if op.Eager {
			words["eager"] = true
		}
		if op.Group != "" {
			words["group"] = true
		}
	})
	for _, g := range Language.Gates {
		lacks := func(word string) bool { return !words[word] }
		if Older(version, g.Since) && !slices.ContainsFunc(g.Has, lacks) {
			gates = append(gates, g)
		}
	}
	return gates
}

// oldest is the CPython from which on programs can be compared.
const oldest = "3.11"

// Since returns the oldest CPython, as in "3.12", that p can be compared on.
func (p *Program) Since() string {
	since := oldest
	for _, g := range p.Beyond(oldest) {
		if Older(since, g.Since) {
			since = g.Since
		}
	}
	return since
}

// Older compares versions by their first two numbers.
func Older(a, b string) bool {
	x, y := minor(a), minor(b)
	return x[0] < y[0] || x[0] == y[0] && x[1] < y[1]
}

func minor(version string) (v [2]int) {
	for i, part := range strings.SplitN(version, ".", 3) {
		if i < 2 {
			n, err := strconv.Atoi(part)
			if err != nil {
				panic(fmt.Sprintf("scenario: %q is no version", version))
			}
			v[i] = n
		}
	}
	return v
}
