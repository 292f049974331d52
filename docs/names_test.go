package docs_test

import (
	"go/ast"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	// Names in a line of text: `Task.Done`, `*GroupError`, `Go(ctx, f)`; `tg.Go(f)`.
	aName   = regexp.MustCompile("`\\*?(?:asyncio\\.|asynciotest\\.)?([A-Z]\\w*)(?:\\.([A-Z]\\w*))?[`(\\[{]")
	aMethod = regexp.MustCompile("`(?:tg|task|queue|loop|r|tm)\\.([A-Z]\\w*)")
	// plain are names of other packages.
	plain = map[string]bool{"WaitGroup": true}
)

// The names that the pages speak of are those of the library.
func TestPagesSpeakOfWhatThereIs(t *testing.T) {
	exported := map[string]bool{}
	for _, dir := range []string{".", "asynciotest"} {
		files, err := filepath.Glob(filepath.Join(root, dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if !strings.HasSuffix(file, "_test.go") {
				ast.Inspect(parse(t, dir+"/"+filepath.Base(file)), func(n ast.Node) bool {
					switch n := n.(type) {
					case *ast.FuncDecl:
						exported[n.Name.Name] = true
						return false
					case *ast.TypeSpec:
						exported[n.Name.Name] = true
					case *ast.ValueSpec:
						exported[n.Names[0].Name] = true
					case *ast.Field:
						for _, id := range n.Names {
							exported[id.Name] = true
						}
					}
					return true
				})
			}
		}
	}
	for _, page := range append(pages, "docs/testing.md") {
		for line := range strings.Lines(read(t, page)) {
			names := aMethod.FindAllStringSubmatch(line, -1)
			names = append(names, aName.FindAllStringSubmatch(line, -1)...)
			for _, m := range names {
				for _, name := range m[1:] {
					if name != "" && !exported[name] && !plain[name] {
						t.Errorf("%s speaks of %s, and there is no %s", page, strings.Trim(m[0], "`("), name)
					}
				}
			}
		}
	}
}

// What from-goroutines.md says of who is faster is what was measured.
func TestPageSaysWhoWins(t *testing.T) {
	_, text, found := strings.Cut(read(t, "docs/from-goroutines.md"), "\n## When not to use it\n")
	loses, wins, both := strings.Cut(text, "\n## When to use it\n")
	_, table, measured := strings.Cut(read(t, "bench/RESULTS.md"), "\n| workload | floor | goroutines |")
	if !found || !both || !measured {
		t.Fatal("the page has no such parts, or bench/RESULTS.md no such table")
	}
	table, _, _ = strings.Cut(table, "\n\n")
	said := 0
	for row := range strings.Lines(table) {
		cells := strings.Split(row, " | ")
		if len(cells) < 3 || cells[2] == "" {
			continue
		}
		workload := "`" + strings.TrimPrefix(cells[0], "| ") + "`"
		less := strings.HasPrefix(cells[2], "**") // than this library
		switch {
		case less && strings.Contains(wins, workload), !less && strings.Contains(loses, workload):
			t.Errorf("the page has %s on the wrong side: %s", workload, row)
		case strings.Contains(loses+wins, workload):
			said++
		}
	}
	if said < 8 {
		t.Errorf("the page names %d workloads", said)
	}
}
