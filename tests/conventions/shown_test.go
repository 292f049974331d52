package conventions_test

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
	"testing"
)

// used is what a piece of Go selects, as Put in q.Put, and what it is named after.
type used map[string]bool

func (u used) add(in ast.Node) {
	ast.Inspect(in, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			u[s.Sel.Name] = true
		}
		return true
	})
}

// has reports whether a name is used: a method beside its type, or what makes one. Types of
// expressions are not known here, and so it may be another's method of the same name.
func (u used) has(n name) bool {
	return u[n.last()] && (n.of == "" || u[n.of] || slices.ContainsFunc(n.makes, func(f string) bool { return u[f] }))
}

// Each name of the face is used in a test, other than an Example.
func TestEachNameIsUsedInATest(t *testing.T) {
	var files []used
	set := token.NewFileSet()
	tests(t, func(file string) {
		u := used{}
		for _, d := range parse(t, set, file).Decls {
			if f, ok := d.(*ast.FuncDecl); !ok || !strings.HasPrefix(f.Name.Name, "Example") {
				u.add(d)
			}
		}
		files = append(files, u)
	})
	for _, n := range face(t) {
		if !n.forGo() && !slices.ContainsFunc(files, func(u used) bool { return u.has(n) }) {
			t.Errorf("no test uses %s: add one to the _test.go beside its file, or to a room of tests", n.full)
		}
	}
}

// Each type, function and method is shown in an Example.
func TestEachNameIsShownInAnExample(t *testing.T) {
	var examples []used
	set := token.NewFileSet()
	for _, file := range filesIn(t, ".", "_test.go") {
		for _, d := range parse(t, set, file).Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if after, ok := strings.CutPrefix(f.Name.Name, "Example"); ok {
				u := used{}
				for n := range strings.SplitSeq(after, "_") {
					u[n] = true
				}
				u.add(f)
				examples = append(examples, u)
			}
		}
	}
	for _, n := range face(t) {
		if n.decl == nil && n.spec == nil || n.forGo() || sameAs.MatchString(n.doc) {
			continue // a constant or an error, what Go calls, or what is as of another name
		}
		if !slices.ContainsFunc(examples, func(u used) bool { return u.has(n) }) {
			t.Errorf("no Example shows %s: add it to one in the example_*_test.go, or one of its own", n.full)
		}
	}
}
