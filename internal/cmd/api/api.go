package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// header is for who finds the file.
const header = `# The exported API of the library, a line for each name. It is written by a command, and a
# difference in it is a change for callers, which CHANGELOG.md has to tell:
#
#	go run ./internal/cmd/api
`

// moduleRoot is the directory of the module that the command stands in.
func moduleRoot() (string, error) {
	out, err := goCommand(".", "list", "-m", "-f", "{{.Dir}}", "github.com/asyncio-go/asyncio")
	return strings.TrimSpace(string(out)), err
}

func goCommand(dir string, args ...string) ([]byte, error) {
	c := exec.Command("go", args...)
	c.Dir = dir
	out, err := c.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		err = fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, exit.Stderr)
	}
	return out, err
}

// describe returns the text of the file.
func describe(root string, patterns []string) ([]byte, error) {
	out, err := goCommand(root, append([]string{"list", "-export", "-deps", "-json=ImportPath,Export,DepOnly"}, patterns...)...)
	if err != nil {
		return nil, err
	}
	exports := map[string]string{}
	var paths []string
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			ImportPath, Export string
			DepOnly            bool
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		exports[p.ImportPath] = p.Export
		if !p.DepOnly {
			paths = append(paths, p.ImportPath)
		}
	}
	slices.Sort(paths)
	imports := importer.ForCompiler(token.NewFileSet(), "gc", func(path string) (io.ReadCloser, error) {
		return os.Open(filepath.Clean(exports[path]))
	})
	text := bytes.NewBufferString(header)
	for _, path := range paths {
		p, err := imports.Import(path)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(text, "\npackage %s\n\n", path)
		for _, line := range lines(p) {
			fmt.Fprintln(text, line)
		}
	}
	return text.Bytes(), nil
}

// lines are those of a package, in the order of names; what is of a type follows it.
func lines(p *types.Package) (all []string) {
	add := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	short := func(other *types.Package) string {
		if other == p {
			return ""
		}
		return other.Name()
	}
	signature := func(name string, f *types.Signature) string {
		return name + strings.TrimPrefix(types.TypeString(f, short), "func")
	}
	for _, name := range p.Scope().Names() {
		if !token.IsExported(name) {
			continue
		}
		switch o := p.Scope().Lookup(name).(type) {
		case *types.Const:
			add("const %s %s = %s", name, types.TypeString(o.Type(), short), o.Val())
		case *types.Var:
			add("var %s %s", name, types.TypeString(o.Type(), short))
		case *types.Func:
			add("func %s", signature(name, o.Signature()))
		case *types.TypeName:
			all = append(all, ofType(o, short, signature)...)
		}
	}
	return all
}

// ofType are the lines of a type: what it is, its fields and its methods, also those of what it
// embeds.
func ofType(o *types.TypeName, short types.Qualifier, signature func(string, *types.Signature) string) (all []string) {
	if o.IsAlias() {
		return []string{strings.Replace(types.ObjectString(o, short), "type ", "alias ", 1)}
	}
	named := o.Type().(*types.Named)
	kind := types.TypeString(named.Underlying(), short)
	switch u := named.Underlying().(type) {
	case *types.Struct:
		kind = "struct"
	case *types.Interface:
		kind = "interface"
		if !u.IsMethodSet() {
			kind = types.TypeString(u, short)
		}
	}
	self := types.TypeString(named, short) // with the constraints of its parameters
	all = append(all, "type "+self+" "+kind)
	if s, ok := named.Underlying().(*types.Struct); ok {
		for f := range s.Fields() {
			if f.Exported() {
				all = append(all, fmt.Sprintf("type %s, field %s %s", o.Name(), f.Name(), types.TypeString(f.Type(), short)))
			}
		}
	}
	if u, ok := named.Underlying().(*types.Interface); ok {
		for m := range u.Methods() {
			if m.Exported() {
				all = append(all, fmt.Sprintf("type %s, method %s", o.Name(), signature(m.Name(), m.Signature())))
			} else {
				all = append(all, fmt.Sprintf("type %s, a method that others cannot have", o.Name()))
			}
		}
		return all
	}
	values := types.NewMethodSet(named)
	for s := range types.NewMethodSet(types.NewPointer(named)).Methods() {
		if m := s.Obj(); m.Exported() {
			receiver := "*" + o.Name()
			if values.Lookup(m.Pkg(), m.Name()) != nil {
				receiver = o.Name()
			}
			all = append(all, fmt.Sprintf("method (%s) %s", receiver, signature(m.Name(), s.Type().(*types.Signature))))
		}
	}
	return all
}
