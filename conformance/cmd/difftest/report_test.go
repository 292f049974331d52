package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/asyncio-go/asyncio/conformance/difftest"
)

// TestUnreached sees to it that the reasons are for functions which are there.
func TestUnreached(t *testing.T) {
	functions := libraryFunctions(t)
	seen := map[string]bool{}
	for _, r := range unreached {
		if r.why == "" || len(r.places) == 0 {
			t.Errorf("%q with %d places", r.why, len(r.places))
		}
		for _, pattern := range r.places {
			if seen[pattern] {
				t.Errorf("%q is there twice", pattern)
			}
			seen[pattern] = true
			re, err := regexp.Compile("^(?:" + pattern + ")$")
			if err != nil {
				t.Errorf("%q: %v", pattern, err)
				continue
			}
			if !slices.ContainsFunc(functions, re.MatchString) {
				t.Errorf("%q is no function of the library", pattern)
			}
		}
	}
}

func TestExplain(t *testing.T) {
	for _, c := range []struct {
		file, function string
		explained      bool
	}{
		{"debug.go", "logSlow", true},
		{"internal/engine/future.go", "State.String", true},
		{"shield.go", "Shield", false},
		{"internal/engine/debug.go", "logSlow", false}, // the whole name counts
	} {
		if got := explain(difftest.Block{File: c.file, Func: c.function}, compile(unreached)); got != c.explained {
			t.Errorf("%s %s: explained is %t", c.file, c.function, got)
		}
	}
}

// TestCoverageTables: a statement that nothing explains is shown, and a pattern that
// explains nothing, or nothing that those before it do not, is told of.
func TestCoverageTables(t *testing.T) {
	blocks := []difftest.Block{
		{File: "a.go", Line: 1, Func: "reached", Statements: 7, Reached: true},
		{File: "a.go", Line: 8, Func: "rare", Statements: 2},
		{File: "b.go", Line: 1, Func: "T.rare", Statements: 3},
		{File: "b.go", Line: 5, Func: "strange", Statements: 1},
		{File: "b.go", Line: 9, Func: "empty"},
	}
	text, unexplained, idle := coverageTables(blocks, compile([]reason{
		{"rarely", []string{`a\.go .*`, `.*\.go T\.rare`}},
		{"never", []string{"a.go reached", "a.go rare", "b.go empty"}},
		{"in time" + slow, []string{"a.go reached, but by chance"}},
		{"in luck" + rare, []string{"a.go reached, but by luck"}},
	}))
	if unexplained != 1 || !slices.Equal(idle, []string{"a.go reached", "a.go rare", "b.go empty"}) {
		t.Errorf("%d are not explained, and %q explain nothing", unexplained, idle)
	}
	for _, want := range []string{
		"Of 13 statements 7 were reached; 5 are not reached for a reason below, 1 for none.",
		"| rarely | 5 |",
		"| `b.go:5` | `strange` | 1 |",
		"| `a.go` | 9 | 77 % |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if strings.Contains(text, "never") || strings.Contains(text, "empty") {
		t.Errorf("it has what explains nothing, or is nothing:\n%s", text)
	}
}

// libraryFunctions returns "file function" for each, as the coverage has them.
func libraryFunctions(t *testing.T) (all []string) {
	const root = "../../.."
	var files []string
	for _, pattern := range []string{"*.go", "internal/*/*.go"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	set := token.NewFileSet()
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		name, err = filepath.Rel(root, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if function := functionName(d); function != "" {
				all = append(all, filepath.ToSlash(name)+" "+function)
			}
		}
	}
	if len(all) < 100 {
		t.Fatalf("there are but %d functions in %s", len(all), root)
	}
	return all
}

// functionName is that of a function or method, "var" for variables that have functions
// in their values, and "" for other declarations.
func functionName(d ast.Decl) string {
	f, ok := d.(*ast.FuncDecl)
	if !ok {
		name := ""
		ast.Inspect(d, func(n ast.Node) bool {
			if _, ok := n.(*ast.FuncLit); ok {
				name = "var"
			}
			return true
		})
		return name
	}
	if f.Recv == nil {
		return f.Name.Name
	}
	receiver := ""
	ast.Inspect(f.Recv.List[0].Type, func(n ast.Node) bool {
		if x, ok := n.(*ast.Ident); ok && receiver == "" {
			receiver = x.Name // the first: a type's parameters come after it
		}
		return true
	})
	return receiver + "." + f.Name.Name
}
