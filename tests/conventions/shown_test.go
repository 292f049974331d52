package conventions_test

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// selected adds to a set what is selected in a piece of Go, as Put in q.Put.
func selected(in ast.Node, names map[string]bool) {
	ast.Inspect(in, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			names[s.Sel.Name] = true
		}
		return true
	})
}

// Each name of the face is used in a test, other than an Example.
func TestEachNameIsUsedInATest(t *testing.T) {
	used := map[string]bool{}
	set := token.NewFileSet()
	tests(t, func(file string) {
		for _, d := range parse(t, set, file).Decls {
			if f, ok := d.(*ast.FuncDecl); !ok || !strings.HasPrefix(f.Name.Name, "Example") {
				selected(d, used)
			}
		}
	})
	for _, n := range face(t) {
		if !used[n.last()] && !n.forGo() {
			t.Errorf("no test uses %s: add one to the _test.go beside its file, or to a room of tests", n.full)
		}
	}
}

// Each type, function and method is shown in an Example: a method in one that has its type,
// by name or by what makes one.
func TestEachNameIsShownInAnExample(t *testing.T) {
	var examples []map[string]bool // what each selects, and what it is named after
	set := token.NewFileSet()
	for _, file := range filesIn(t, ".", "_test.go") {
		for _, d := range parse(t, set, file).Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if after, ok := strings.CutPrefix(f.Name.Name, "Example"); ok {
				names := map[string]bool{}
				for n := range strings.SplitSeq(after, "_") {
					names[n] = true
				}
				selected(f, names)
				examples = append(examples, names)
			}
		}
	}
	shown := func(n name) bool {
		return slices.ContainsFunc(examples, func(names map[string]bool) bool {
			return names[n.last()] && (n.of == "" || names[n.of] || slices.ContainsFunc(n.makes, func(f string) bool { return names[f] }))
		})
	}
	for _, n := range face(t) {
		if n.decl == nil && n.spec == nil || n.forGo() || sameAs.MatchString(n.doc) {
			continue
		}
		if !shown(n) {
			t.Errorf("no Example shows %s: add it to one in the example_*_test.go, or one of its own", n.full)
		}
	}
}
