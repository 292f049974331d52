// The pages show code that is run: what stands in a block of Go is taken from a file of the
// repository, which the comment above the block names.
package docs_test

import (
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the code into the pages")

// pages are those whose Go is all taken from files.
var pages = []string{"README.md", "docs/from-goroutines.md", "docs/recipes.md"}

const root = ".."

var (
	// A block with what is above it: <!-- FILE: NAME NAME -->, or <!-- FILE --> for a program.
	shown = regexp.MustCompile("(?s)<!-- ([\\w./-]+\\.go)(?:: ([\\w. ]+))? -->\n```go\n(.*?)```\n")
	block = regexp.MustCompile("(?m)^```go$")
)

// What the pages show is what the tests run.
func TestPagesShowCodeThatIsRun(t *testing.T) {
	for _, page := range pages {
		before := read(t, page)
		n := 0
		after := shown.ReplaceAllStringFunc(before, func(text string) string {
			n++
			m := shown.FindStringSubmatch(text)
			head, _, _ := strings.Cut(text, "```go\n")
			return head + "```go\n" + source(t, m[1], strings.Fields(m[2])...) + "```\n"
		})
		if all := len(block.FindAllString(before, -1)); all != n || n == 0 {
			t.Errorf("%s: %d of %d blocks of Go say above them which file they are from, as <!-- FILE: NAME -->", page, n, all)
		}
		switch {
		case after == before:
		case *update:
			if err := os.WriteFile(filepath.Join(root, page), []byte(after), 0o644); err != nil {
				t.Fatal(err)
			}
		default:
			t.Errorf("%s shows other code than its files have: go test ./docs -run TestPagesShow -update", page)
		}
	}
}

// What is run for the pages is shown on one.
func TestExamplesAreOnAPage(t *testing.T) {
	listed := map[string]bool{}
	for _, page := range pages {
		for _, m := range shown.FindAllStringSubmatch(read(t, page), -1) {
			for _, name := range strings.Fields(m[2]) {
				listed[m[1]+" "+name] = true
			}
		}
	}
	files, err := filepath.Glob("code/*_test.go")
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		name := "docs/" + filepath.ToSlash(file)
		for _, d := range parse(t, name).Decls {
			f, ok := d.(*ast.FuncDecl)
			if ok && strings.HasPrefix(f.Name.Name, "Example") && !listed[name+" "+f.Name.Name] {
				t.Errorf("no page shows %s of %s", f.Name.Name, name)
			}
		}
	}
}

// source returns the declarations of a file that have these names, a method's being T.M, each
// with its comment; of an Example the body, as go doc does. Without names it is the program,
// from its package clause on.
func source(t *testing.T, file string, names ...string) string {
	t.Helper()
	text := read(t, file)
	f := parse(t, file)
	if len(names) == 0 {
		return text[f.Package-1:]
	}
	var parts []string
	for _, name := range names {
		i := slices.IndexFunc(f.Decls, func(d ast.Decl) bool { return declares(d, name) })
		if i < 0 {
			t.Fatalf("%s has no %s", file, name)
		}
		d := f.Decls[i]
		begin, end := d.Pos()-1, d.End()-1
		fn, _ := d.(*ast.FuncDecl)
		if fn != nil && strings.HasPrefix(name, "Example") {
			body := text[fn.Body.Lbrace : fn.Body.Rbrace-1]
			parts = append(parts, strings.TrimPrefix(strings.ReplaceAll(body, "\n\t", "\n"), "\n"))
			continue
		}
		if g, ok := d.(*ast.GenDecl); ok && g.Doc != nil {
			begin = g.Doc.Pos() - 1
		} else if fn != nil && fn.Doc != nil {
			begin = fn.Doc.Pos() - 1
		}
		parts = append(parts, text[begin:end]+"\n")
	}
	return strings.Join(parts, "\n")
}

func declares(d ast.Decl, name string) bool {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil {
			return d.Name.Name == name
		}
		x := d.Recv.List[0].Type
		if p, ok := x.(*ast.StarExpr); ok {
			x = p.X
		}
		if p, ok := x.(*ast.IndexExpr); ok {
			x = p.X
		}
		id, ok := x.(*ast.Ident)
		return ok && id.Name+"."+d.Name.Name == name
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				if s.Name.Name == name {
					return true
				}
			case *ast.ValueSpec:
				if s.Names[0].Name == name {
					return true
				}
			}
		}
	}
	return false
}

func parse(t *testing.T, file string) *ast.File {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, read(t, file), parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
