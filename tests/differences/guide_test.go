package differences_test

import (
	"go/format"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/asyncio-go/asyncio/conformance"
)

// Every row of the table of differences names tests, and they exist.
func TestGuideNamesTestsThatExist(t *testing.T) {
	guide, err := os.ReadFile("../../docs/from-asyncio.md")
	if err != nil {
		t.Fatal(err)
	}
	homes, err := conformance.Homes("../..")
	if err != nil {
		t.Fatal(err)
	}
	stories, err := conformance.Stories("../..")
	if err != nil {
		t.Fatal(err)
	}
	sources := map[string]string{} // the tests of a directory
	testsIn := func(dir string) string {
		if sources[dir] == "" {
			files, err := filepath.Glob(filepath.Join("../..", filepath.FromSlash(dir), "*_test.go"))
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range files {
				source, err := os.ReadFile(name)
				if err != nil {
					t.Fatal(err)
				}
				sources[dir] += string(source)
			}
		}
		return sources[dir]
	}
	// A subtest must be named, as a string, in the body of its test, or be a story.
	exists := func(test string) bool {
		function, sub, _ := strings.Cut(test, "/")
		if function == "TestStories" {
			return stories[sub]
		}
		return slices.ContainsFunc(homes[function], func(dir string) bool {
			_, body, found := strings.Cut(testsIn(dir), "\nfunc "+function+"(t *testing.T) {\n")
			body, _, _ = strings.Cut(body, "\n}\n")
			return found && (sub == "" || strings.Contains(body, `"`+sub+`"`))
		})
	}
	_, table, found := strings.Cut(string(guide), "\n## Every deliberate difference\n")
	if !found {
		t.Fatal("the guide has no table of differences")
	}
	named := regexp.MustCompile("`(Test[^`]+)`")
	rows := 0
	for line := range strings.Lines(table) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| difference |") {
			continue
		}
		rows++
		cells := strings.Split(strings.Trim(line, "| \n"), " | ")
		tests := named.FindAllStringSubmatch(cells[len(cells)-1], -1)
		if len(cells) != 3 || len(tests) == 0 {
			t.Errorf("want a difference, a reason and its tests: %s", line)
		}
		for _, test := range tests {
			if !exists(test[1]) {
				t.Errorf("there is no %s: %s", test[1], line)
			}
		}
	}
	if rows < 50 {
		t.Errorf("%d differences found", rows)
	}
}

// The Go in the guide is Go, formatted, and knows only names that exist.
func TestGuideShowsGo(t *testing.T) {
	guide, err := os.ReadFile("../../docs/from-asyncio.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../../*.go")
	if err != nil {
		t.Fatal(err)
	}
	var code strings.Builder
	for _, name := range files {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(name, "_test.go") {
			code.Write(source)
		}
	}
	name := regexp.MustCompile(`asyncio\.([A-Z]\w*)`)
	n := 0
	for _, block := range strings.Split(string(guide), "\n```go\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		n++
		if formatted, err := format.Source([]byte(block)); err != nil {
			t.Errorf("%v:\n%s", err, block)
		} else if string(formatted) != block {
			t.Errorf("not formatted:\n%s", block)
		}
		for _, m := range name.FindAllStringSubmatch(block, -1) {
			declared := regexp.MustCompile(`(?m)^(func|type|var|const|\t)\s*` + m[1] + `\b`)
			if !declared.MatchString(code.String()) {
				t.Errorf("there is no %s", m[0])
			}
		}
	}
	if n < 10 {
		t.Errorf("%d pieces of Go found", n)
	}
}
