package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// module is one of the repository.
type module struct {
	path string // by which it is imported
	dir  string // in the tree, "." for that of the root
	file goMod
	uses []*module // of the repository
}

// goMod is what go mod edit -json says of a go.mod.
type goMod struct {
	Module  struct{ Path string }
	Require []struct{ Path, Version string }
	Replace []struct {
		Old, New struct{ Path, Version string }
	}
}

// tag is what the module's version is called in git.
func (m *module) tag(version string) string {
	if m.dir == "." {
		return version
	}
	return m.dir + "/" + version
}

// findModules returns the modules of a tree, each behind those that it uses.
func findModules(tree string) ([]*module, error) {
	var all []*module
	err := filepath.WalkDir(tree, func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && file != tree && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") || strings.HasPrefix(d.Name(), "_")):
			return fs.SkipDir
		case d.IsDir() || d.Name() != "go.mod":
			return nil
		}
		m := &module{}
		dir, err := filepath.Rel(tree, filepath.Dir(file))
		if err != nil {
			return err
		}
		m.dir = filepath.ToSlash(dir)
		text, err := command(filepath.Dir(file), []string{"GOWORK=off"}, "go", "mod", "edit", "-json")
		if err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(text), &m.file); err != nil {
			return err
		}
		m.path = m.file.Module.Path
		all = append(all, m)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(all) == 0 || !slices.ContainsFunc(all, func(m *module) bool { return m.dir == "." }) {
		return nil, fmt.Errorf("no go.mod at the root")
	}
	slices.SortFunc(all, func(a, b *module) int { return cmp.Compare(a.dir, b.dir) })
	if err := bind(all); err != nil {
		return nil, err
	}
	return inOrder(all)
}

// bind finds out which modules use which.
func bind(all []*module) error {
	root := all[slices.IndexFunc(all, func(m *module) bool { return m.dir == "." })]
	of := map[string]*module{}
	for _, m := range all {
		if want := path.Join(root.path, m.dir); m.path != want {
			return fmt.Errorf("the module in %s is %s: go get would look for it as %s", m.dir, m.path, want)
		}
		of[m.path] = m
	}
	for _, m := range all {
		for _, x := range m.file.Replace {
			used := of[x.Old.Path]
			switch {
			case used == nil:
				return fmt.Errorf("%s replaces %s, which is none of the repository: others would not have that", m.path, x.Old.Path)
			case path.Join(m.dir, x.New.Path) != used.dir:
				return fmt.Errorf("%s replaces %s by %s, where it is not", m.path, x.Old.Path, x.New.Path)
			}
		}
		for _, x := range m.file.Require {
			if used := of[x.Path]; used != nil {
				m.uses = append(m.uses, used)
			}
		}
	}
	return nil
}

// inOrder has each behind those that it uses.
func inOrder(all []*module) (ordered []*module, err error) {
	for len(ordered) < len(all) {
		before := len(ordered)
		for _, m := range all {
			ready := !slices.ContainsFunc(m.uses, func(u *module) bool { return !slices.Contains(ordered, u) })
			if ready && !slices.Contains(ordered, m) {
				ordered = append(ordered, m)
			}
		}
		if len(ordered) == before {
			return nil, fmt.Errorf("modules that use each other in a circle cannot be released by turns")
		}
	}
	return ordered, nil
}
