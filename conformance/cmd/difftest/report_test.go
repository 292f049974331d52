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
		if got := explain(difftest.Block{File: c.file, Func: c.function}) >= 0; got != c.explained {
			t.Errorf("%s %s: explained is %t", c.file, c.function, got)
		}
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
