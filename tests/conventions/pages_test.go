package conventions_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	quoted = regexp.MustCompile("`([^`\n]+)`")
	aPath  = regexp.MustCompile(`^[\w.*-]+(/[\w.*-]+)*(/|\.(go|md|txt|json|jsonl|tsv|py|s))$|^(tests|internal|conformance|docs|bench|examples|asynciotest)(/[\w.*-]+)*$`)
)

// What the pages name is there.
func TestPagesNameWhatIsThere(t *testing.T) {
	for _, page := range []string{"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"} {
		n := 0
		for _, m := range quoted.FindAllStringSubmatch(read(t, page), -1) {
			if !aPath.MatchString(m[1]) || strings.ContainsAny(m[1], "XN") { // of an X and a NAME
				continue
			}
			n++
			there := 0
			for _, dir := range []string{"", "internal/engine", "conformance/scenario"} {
				files, err := filepath.Glob(filepath.Join(root, dir, filepath.FromSlash(m[1])))
				if err != nil {
					t.Fatal(err)
				}
				there += len(files)
			}
			if there == 0 {
				t.Errorf("%s names %s, which is not there", page, m[1])
			}
		}
		if n == 0 {
			t.Errorf("%s names nothing", page)
		}
	}
}

// Each room of tests says in its package comment what it is for, and stands in the table.
func TestRoomsOfTestsAreInTheTable(t *testing.T) {
	contributing := read(t, "CONTRIBUTING.md")
	rooms, err := os.ReadDir(filepath.Join(root, "tests"))
	if err != nil {
		t.Fatal(err)
	}
	for _, room := range rooms {
		dir := "tests/" + room.Name()
		if !strings.Contains(contributing, "\n| `"+dir+"` | ") {
			t.Errorf("CONTRIBUTING.md does not say what %s is for", dir)
		}
		said := 0
		for _, file := range filesIn(t, dir, "_test.go") {
			if regexp.MustCompile(`(?m)^//.*\npackage \w+_test$`).MatchString(read(t, dir+"/"+file)) {
				said++
			}
		}
		if said != 1 {
			t.Errorf("%d files of %s have a package comment", said, dir)
		}
	}
}

// ARCHITECTURE.md has a line for each file of the engine, and for no other.
func TestEngineFilesAreInTheTable(t *testing.T) {
	_, table, found := strings.Cut(read(t, "ARCHITECTURE.md"), "\n| file | if you look for |\n")
	if !found {
		t.Fatal("ARCHITECTURE.md has no table of the engine's files")
	}
	listed := map[string]bool{}
	for line := range strings.Lines(table) {
		row, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " | ")
		for _, m := range quoted.FindAllStringSubmatch(row, -1) {
			listed[m[1]] = true
		}
	}
	for _, file := range filesIn(t, "internal/engine", ".go") {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		if !listed[file] {
			t.Errorf("ARCHITECTURE.md does not say what internal/engine/%s is for", file)
		}
		delete(listed, file)
	}
	for file := range listed {
		t.Errorf("ARCHITECTURE.md has a line for internal/engine/%s, which is not there", file)
	}
}

// What ARCHITECTURE.md calls by the name that it has in the code still has it.
func TestArchitectureNamesWhatIsInTheCode(t *testing.T) {
	var code strings.Builder
	for _, dir := range []string{".", "internal/engine", "internal/coro", "asynciotest"} {
		for _, file := range filesIn(t, dir, ".go") {
			code.WriteString(read(t, dir+"/"+file))
		}
	}
	for _, m := range quoted.FindAllStringSubmatch(read(t, "ARCHITECTURE.md"), -1) {
		last := m[1][strings.LastIndexByte(m[1], '.')+1:]
		if aPath.MatchString(m[1]) || !regexp.MustCompile(`^\w+$`).MatchString(last) || m[1] == "_run_once" {
			continue // a file, an expression, or CPython's
		}
		if !regexp.MustCompile(`\b` + last + `\b`).MatchString(code.String()) {
			t.Errorf("ARCHITECTURE.md speaks of %s, which is not in the code", m[1])
		}
	}
}
