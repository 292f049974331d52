package conformance_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/asyncio-go/asyncio/conformance"
)

// Every row names tests that exist. A subtest must be named in the body of its test,
// where the name of one may stand, or be a story.
func TestLedger(t *testing.T) {
	rows, err := conformance.Ledger()
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]map[string]bool{} // by "package.TestX": the names of subtests in it
	for _, s := range conformance.Suites {
		testsIn(t, s.Name, filepath.Join("..", filepath.FromSlash(s.Dir)), tests)
	}
	if tests["order.TestStories"], err = conformance.Stories(".."); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	counts := map[string]int{}
	for _, r := range rows {
		if name := r.File + "." + r.Test; seen[name] {
			t.Errorf("%s stands twice", name)
		} else {
			seen[name] = true
		}
		counts[r.Verdict]++
		for _, test := range r.Tests {
			function, sub, _ := strings.Cut(test, "/")
			subtests, ok := tests[function]
			if !ok || sub != "" && !subtests[sub] {
				t.Errorf("%s.%s: there is no %s", r.File, r.Test, test)
			}
		}
	}
	for _, v := range conformance.Verdicts {
		t.Logf("%-8s %d", v, counts[v])
	}
	if len(rows) < 568 {
		t.Errorf("%d rows; CPython 3.13 has 568 tests", len(rows))
	}
}

// testsIn notes the test functions of a directory.
func testsIn(t *testing.T, pkg, dir string, tests map[string]map[string]bool) {
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil || len(files) == 0 {
		t.Fatal("no tests in ", dir, err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv != nil || !strings.HasPrefix(f.Name.Name, "Test") {
				continue
			}
			names := map[string]bool{}
			note := func(e ast.Expr) {
				if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					if s, err := strconv.Unquote(lit.Value); err == nil {
						names[s] = true
					}
				}
			}
			ast.Inspect(f, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CallExpr: // t.Run("name", …), or a function of the test's own
					method, ok := n.Fun.(*ast.SelectorExpr)
					if len(n.Args) > 0 && (!ok || method.Sel.Name == "Run") {
						note(n.Args[0])
					}
				case *ast.KeyValueExpr: // {name: "name"}, {Name: "name"}, {"name": …}
					note(n.Key)
					if key, ok := n.Key.(*ast.Ident); ok && strings.EqualFold(key.Name, "name") {
						note(n.Value)
					}
				case *ast.CompositeLit: // {"name", …}
					if len(n.Elts) > 0 {
						note(n.Elts[0])
					}
				}
				return true
			})
			tests[pkg+"."+f.Name.Name] = names
		}
	}
}
