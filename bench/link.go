package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A place is a line of a source file, its path below the bench's directory.
type place struct {
	file string
	line int
}

// link returns the place as an address in a Markdown file of the bench.
func (p place) link() string { return fmt.Sprintf("%s#L%d", p.file, p.line) }

// findCode returns where a peer's source has a workload: the line with its name
// as a string. Where the source is shared by several peers, the file that is
// named after the peer goes first.
func findCode(dir string, p *peer, base string) (place, bool) {
	literal := []byte(`"` + base + `"`)
	var found []place
	root := filepath.Join(dir, p.source)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "target" || d.Name() == "node_modules" || d.Name() == "__pycache__"):
			return filepath.SkipDir
		case d.IsDir() || !isSource(d.Name()):
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if at := bytes.Index(text, literal); at >= 0 {
			found = append(found, place{filepath.ToSlash(name), 1 + bytes.Count(text[:at], []byte("\n"))})
		}
		return nil
	})
	if err != nil || len(found) == 0 {
		return place{}, false
	}
	other := func(f place) int {
		name := filepath.Base(f.file)
		if strings.TrimSuffix(name, filepath.Ext(name)) == p.name {
			return 0
		}
		return 1
	}
	return slices.MinFunc(found, func(a, b place) int {
		return cmp.Or(other(a)-other(b), strings.Compare(a.file, b.file))
	}), true
}

func isSource(name string) bool {
	if strings.HasSuffix(name, "_test.go") {
		return false
	}
	switch filepath.Ext(name) {
	case ".go", ".py", ".rs", ".mjs":
		return true
	}
	return false
}
