package conformance

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

// Suite is a package whose tests the ledger names.
type Suite struct {
	Name string // what the ledger has before the dot
	Dir  string // from the root of the module, with slashes
}

// Suites are all that it names, those with the most to say first.
var Suites = []Suite{
	{"conformance", "conformance"},
	{"order", "conformance/order"},
	{"asyncio", "."},
	{"promises", "tests/promises"},
	{"differences", "tests/differences"},
	{"misuse", "tests/misuse"},
	{"goroutines", "tests/goroutines"},
}

var testFunc = regexp.MustCompile(`(?m)^func (Test\w+)\(`)

// Homes returns in which directories of the module, from its root and with slashes, there
// is a test of which name.
func Homes(root string) (map[string][]string, error) {
	homes := map[string][]string{}
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || isModule(root, name)):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, "_test.go"):
			return nil
		}
		text, err := fs.ReadFile(os.DirFS(root), name)
		for _, m := range testFunc.FindAllStringSubmatch(string(text), -1) {
			homes[m[1]] = append(homes[m[1]], path.Dir(name))
		}
		return err
	})
	return homes, err
}

var storyTitle = regexp.MustCompile(`(?m)^=== (.+)$`)

// Stories returns which subtests TestStories has, as "file/name".
func Stories(root string) (map[string]bool, error) {
	files, err := filepath.Glob(filepath.Join(root, "conformance", "order", "testdata", "*.txt"))
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for _, m := range storyTitle.FindAllStringSubmatch(string(text), -1) {
			names[strings.TrimSuffix(filepath.Base(file), ".txt")+"/"+m[1]] = true
		}
	}
	return names, nil
}

// isModule reports whether a directory is the root of another module.
func isModule(root, name string) bool {
	_, err := os.Stat(filepath.Join(root, filepath.FromSlash(name), "go.mod"))
	return err == nil
}
