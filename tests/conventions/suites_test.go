package conventions_test

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What can be used as a lock, and what is a queue, joins the contract of those by a row in
// internal/testutil/kinds.go.
func TestLocksAndQueuesJoinTheirContract(t *testing.T) {
	names := face(t)
	for _, suite := range []struct {
		kinds   string
		methods []string
	}{
		{"LockKinds", []string{"Acquire", "Release"}},
		{"QueueKinds", []string{"Put", "Get"}},
	} {
		joined := declared(t, "internal/testutil/kinds.go", suite.kinds)
		n := 0
		for _, typ := range names {
			if typ.spec == nil || !has(names, typ, suite.methods...) {
				continue
			}
			made := makers(names, typ)
			if len(made) == 0 {
				made = []string{typ.full}
			}
			for _, maker := range made {
				n++
				if !joined[maker] {
					t.Errorf("%s is or makes what has %s, but is not in the contract: add it to %s in internal/testutil/kinds.go",
						maker, strings.Join(suite.methods, " and "), suite.kinds)
				}
			}
		}
		if n < 3 {
			t.Errorf("%d kinds have %v", n, suite.methods)
		}
	}
}

// What has state inside has a zero value, which works or says what to call, and a text that
// shows nothing of the inside.
func TestWhatHasStateIsTriedByHand(t *testing.T) {
	names := face(t)
	n := 0
	for _, suite := range []string{"tests/misuse/zero_test.go", "tests/printed/string_test.go"} {
		u := used{}
		u.add(parse(t, token.NewFileSet(), suite))
		for _, typ := range names {
			if !hasState(typ) {
				continue
			}
			n++
			if !u[typ.full] && !slices.ContainsFunc(makers(names, typ), func(f string) bool { return u[f] }) {
				t.Errorf("%s has state inside, and is not in %s", typ.full, suite)
			}
		}
	}
	if n < 20 {
		t.Errorf("%d types with state found", n)
	}
}

// hasState reports whether no field of a struct is exported, but for what it embeds.
func hasState(typ name) bool {
	if typ.spec == nil {
		return false
	}
	s, ok := typ.spec.Type.(*ast.StructType)
	return ok && s.Incomplete && // go/doc has taken fields out
		!slices.ContainsFunc(s.Fields.List, func(f *ast.Field) bool { return len(f.Names) > 0 })
}

// makers are the functions and methods that return one of a type.
func makers(names []name, typ name) (all []string) {
	for _, n := range names {
		if n.decl == nil || n.decl.Type.Results == nil {
			continue
		}
		for _, r := range n.decl.Type.Results.List {
			if called(r.Type) == typ.full {
				all = append(all, n.last())
			}
		}
	}
	return all
}

// has reports whether a type has methods of these names, its own or those of what it embeds.
func has(names []name, typ name, methods ...string) bool {
	missing := slices.Clone(methods)
	for _, n := range names {
		if n.of == typ.full {
			missing = slices.DeleteFunc(missing, func(m string) bool { return m == n.last() })
		}
	}
	if s, ok := typ.spec.Type.(*ast.StructType); ok {
		for _, f := range s.Fields.List {
			i := slices.IndexFunc(names, func(n name) bool {
				return len(f.Names) == 0 && n.spec != nil && n.full == called(f.Type)
			})
			if i >= 0 && has(names, names[i], missing...) {
				return true
			}
		}
	}
	return len(missing) == 0
}

// called is the name of a type without pointers and type arguments.
func called(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.StarExpr:
		return called(x.X)
	case *ast.IndexExpr:
		return called(x.X)
	}
	return ""
}

// declared is what is selected in the value of a variable.
func declared(t *testing.T, file, variable string) used {
	names := used{}
	for _, d := range parse(t, token.NewFileSet(), file).Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, s := range g.Specs {
			if v, ok := s.(*ast.ValueSpec); ok && v.Names[0].Name == variable {
				names.add(v)
			}
		}
	}
	return names
}

// points is where each await point is cancelled in every position.
const points = "tests/cancellation/points_test.go"

// A call that waits says in its comment when it is an await point, and is cancelled there in
// every position.
func TestAwaitPointsSayItAndAreCancelled(t *testing.T) {
	var rows []string // what strings of that file begin with
	ast.Inspect(parse(t, token.NewFileSet(), points), func(n ast.Node) bool {
		if s, ok := n.(*ast.BasicLit); ok && s.Kind == token.STRING {
			row, _, _ := strings.Cut(strings.Trim(s.Value, `"`), " ")
			rows = append(rows, row)
		}
		return true
	})
	n := 0
	for _, f := range face(t) {
		if f.decl == nil || asOther.MatchString(f.doc) || !waits(f.decl.Type) {
			continue
		}
		switch {
		case slices.Contains([]string{"Run", "RunOn", "Runner.Shutdown"}, f.full): // on a loop that is in use they fail
		case !strings.Contains(strings.ReplaceAll(f.doc, "\n", " "), "await point"):
			t.Errorf("%s does not say when it is an await point", f.full)
		case !slices.Contains(rows, f.full) && (f.of == "" || !slices.Contains(rows, "."+f.last())):
			t.Errorf("%s is an await point without a row in %s", f.full, points)
		default:
			n++
		}
	}
	if n < 20 {
		t.Errorf("%d await points found", n)
	}
}

// asOther is how a comment leaves the wait to another name.
var asOther = regexp.MustCompile(`^[^.]*(?:: see| is| is as of) \[|\bis an await\s+point as`)

// What waits for tasks and futures of somebody else's finds out who waits for himself by it.
func TestCombinatorsCloseCircles(t *testing.T) {
	const circles = "tests/circles/circle_test.go"
	u := used{}
	u.add(parse(t, token.NewFileSet(), circles))
	n := 0
	for _, f := range face(t) {
		if f.decl == nil || f.decl.Type.TypeParams == nil {
			continue
		}
		for _, p := range f.decl.Type.TypeParams.List {
			if c := called(p.Type); c != "Awaitable" && c != "AnyFuture" {
				continue
			}
			n++
			if !u[f.full] {
				t.Errorf("%s waits for others, and closes no circle in %s", f.full, circles)
			}
		}
	}
	if n < 5 {
		t.Errorf("%d combinators found", n)
	}
}

// waits reports whether a function has a ctx and says how the wait has ended.
func waits(f *ast.FuncType) bool {
	takes, tells := false, false
	for _, p := range f.Params.List {
		takes = takes || len(p.Names) == 1 && p.Names[0].Name == "ctx"
	}
	if f.Results != nil {
		ast.Inspect(f.Results, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			tells = tells || ok && (id.Name == "error" || id.Name == "Seq")
			return true
		})
	}
	return takes && tells
}
