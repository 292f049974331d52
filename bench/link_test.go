package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestFindCode(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"pools/a.go":          "package pools\n\nvar _ = \"group\"\n",
		"pools/pond.go":       "package pools\n\nvar (\n\t_ = \"group_of\"\n\t_ = \"group\"\n)\n",
		"pools/pond_test.go":  "package pools\n\nvar _ = \"tested\"\n",
		"pools/notes.txt":     "\"noted\"\n",
		"pools/target/gen.rs": "\"built\"\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ peer, base, link string }{
		{"conc", "group", "pools/a.go#L3"},
		{"pond", "group", "pools/pond.go#L5"}, // its own file first
		{"conc", "tested", ""},
		{"conc", "noted", ""},
		{"conc", "built", ""},
	} {
		at, ok := findCode(dir, &peer{name: c.peer, source: "pools"}, c.base)
		if ok != (c.link != "") || ok && at.link() != c.link {
			t.Errorf("%s of %s: %v, %v", c.base, c.peer, at, ok)
		}
	}
}
