package conventions_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// read returns a file of the repository.
func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// filesIn returns the names of the files of a directory with such an end.
func filesIn(t *testing.T, dir, end string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(root, filepath.FromSlash(dir)))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), end) {
			names = append(names, e.Name())
		}
	}
	return names
}

// tests calls f with the name of each test file of the repository.
func tests(t *testing.T, f func(file string)) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(root), ".", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && file != "." && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case !d.IsDir() && strings.HasSuffix(file, "_test.go"):
			f(file)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// parse returns a file of Go.
func parse(t *testing.T, set *token.FileSet, name string) *ast.File {
	t.Helper()
	f, err := parser.ParseFile(set, name, read(t, name), parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// The root is the face of the library and what tests a file of it; what holds whatever a
// program does has a room in tests.
func TestTestStandsBesideWhatItTests(t *testing.T) {
	files := filesIn(t, ".", ".go")
	for _, file := range files {
		name, test := strings.CutSuffix(file, "_test.go")
		if !test {
			continue
		}
		if !strings.HasPrefix(name, "example_") {
			if !slices.Contains(files, name+".go") {
				t.Errorf("%s stands beside no %s.go: name it after what it tests, or move it to a room of tests", file, name)
			}
			continue
		}
		for _, d := range parse(t, token.NewFileSet(), file).Decls {
			if f, ok := d.(*ast.FuncDecl); ok && strings.HasPrefix(f.Name.Name, "Test") {
				t.Errorf("%s has %s: it is for Examples", file, f.Name.Name)
			}
		}
	}
}

// What has nothing of the face, and is at the root all the same since it works on its
// unexported side, stands in ARCHITECTURE.md.
func TestRootIsTheFace(t *testing.T) {
	page := read(t, "ARCHITECTURE.md")
	for _, file := range filesIn(t, ".", ".go") {
		if strings.HasSuffix(file, "_test.go") || file == "doc.go" {
			continue
		}
		if !ast.FileExports(parse(t, token.NewFileSet(), file)) && !strings.Contains(page, "`"+file+"`") {
			t.Errorf("%s exports nothing: find it a place in internal, or say what it is in ARCHITECTURE.md", file)
		}
	}
}

func TestNoTestFileIsLong(t *testing.T) {
	const most = 800
	tests(t, func(file string) {
		if n := strings.Count(read(t, file), "\n"); n > most {
			t.Errorf("%s has %d lines, more than %d: it is two", file, n, most)
		}
	})
}
