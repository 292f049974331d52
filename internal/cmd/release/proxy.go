package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// proxy is a module proxy of files, and where the modules in it are tried.
type proxy struct {
	*release
	files string // what it serves
	env   []string
}

func newProxy(r *release) *proxy {
	p := &proxy{release: r, files: filepath.Join(r.dir, "proxy")}
	sources := []string{fileURL(p.files)}
	if cache, err := command(r.repo, nil, "go", "env", "GOMODCACHE"); err == nil {
		sources = append(sources, fileURL(filepath.Join(strings.TrimSpace(cache), "cache", "download")))
	}
	if others, err := command(r.repo, nil, "go", "env", "GOPROXY"); err == nil {
		sources = append(sources, strings.TrimSpace(others))
	}
	p.env = []string{
		"GOPROXY=" + strings.Join(sources, ","),
		"GOMODCACHE=" + filepath.Join(r.dir, "modules"),
		"GOBIN=" + filepath.Join(r.dir, "bin"),
		"GOFLAGS=-mod=mod",
		"GOWORK=off",
		"GOENV=off",
		"GOPRIVATE=", // any other would have modules found in the cache before the proxy is asked
		"GONOPROXY=",
		"GOSUMDB=off", // nobody has heard of these modules yet; go.sum has the others
	}
	return p
}

func fileURL(path string) string {
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String()
}

// publish takes out of a module what others do not have, and puts it into the proxy.
func (p *proxy) publish(m *module) error {
	dir := filepath.Join(p.tree, m.dir)
	for _, x := range m.file.Replace {
		if _, err := command(dir, p.env, "go", "mod", "edit", "-dropreplace="+x.Old.Path); err != nil {
			return err
		}
	}
	for _, used := range m.uses {
		if _, err := command(dir, p.env, "go", "mod", "edit", "-require="+used.path+"@"+p.version); err != nil {
			return err
		}
	}
	if len(m.uses) > 0 { // for go.sum
		if _, err := command(dir, p.env, "go", "mod", "tidy"); err != nil {
			return err
		}
	}
	zipped, err := p.zip(m)
	if err != nil {
		return err
	}
	mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return err
	}
	info, err := json.Marshal(map[string]any{"Version": p.version, "Time": time.Now().UTC().Truncate(time.Second)})
	if err != nil {
		return err
	}
	at := filepath.Join(p.files, escape(m.path), "@v")
	for name, text := range map[string][]byte{
		"list":              []byte(p.version + "\n"),
		p.version + ".info": info,
		p.version + ".mod":  mod,
		p.version + ".zip":  zipped,
	} {
		if err := write(filepath.Join(at, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// escape is how a proxy has the path of a module: file systems may not tell cases apart.
func escape(path string) string {
	var b strings.Builder
	for _, c := range path {
		if 'A' <= c && c <= 'Z' {
			b.WriteByte('!')
			c += 'a' - 'A'
		}
		b.WriteRune(c)
	}
	return b.String()
}

// zip is the module as Go packs it out of a repository: without the modules inside, and with
// the licence of the root if it has none of its own.
func (p *proxy) zip(m *module) ([]byte, error) {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	root := filepath.Join(p.tree, m.dir)
	licensed := false
	add := func(name, from string) error {
		text, err := os.ReadFile(from)
		if err != nil {
			return err
		}
		w, err := z.Create(m.path + "@" + p.version + "/" + name)
		if err == nil {
			_, err = w.Write(text)
		}
		return err
	}
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		switch {
		case !d.IsDir() && !d.Type().IsRegular(), name == ".git": // in a worktree that is a file
			return nil
		case !d.IsDir():
			licensed = licensed || name == "LICENSE"
			return add(name, file)
		case name == ".":
			return nil
		}
		if _, err := os.Stat(filepath.Join(file, "go.mod")); err == nil || path.Base(name) == "vendor" {
			return fs.SkipDir
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if license := filepath.Join(p.tree, "LICENSE"); !licensed {
		if _, err := os.Stat(license); err == nil {
			if err := add("LICENSE", license); err != nil {
				return nil, err
			}
		}
	}
	err = z.Close()
	return out.Bytes(), err
}

// prove has the go command take the modules from the proxy: all packages of each as others
// would require them, and its commands.
func (p *proxy) prove() error {
	for i, m := range p.modules {
		commands, libraries, err := p.packages(m)
		if err != nil {
			return err
		}
		if len(commands) > 0 {
			if _, err := command(p.dir, p.env, "go", append([]string{"install"}, versioned(commands, p.version)...)...); err != nil {
				return err
			}
		}
		if len(libraries) > 0 {
			if err := p.require(fmt.Sprint("user", i), m, libraries); err != nil {
				return err
			}
		}
		p.say("%s@%s: go get of %d packages, go install of %d commands", m.path, p.version, len(libraries), len(commands))
	}
	return nil
}

func versioned(packages []string, version string) (all []string) {
	for _, p := range packages {
		all = append(all, p+"@"+version)
	}
	return all
}

// packages are those of a module that others can have.
func (p *proxy) packages(m *module) (commands, libraries []string, err error) {
	out, err := command(filepath.Join(p.tree, m.dir), p.env, "go", "list", "-f", "{{.Name}} {{.ImportPath}} {{len .GoFiles}}", "./...")
	if err != nil {
		return nil, nil, err
	}
	for line := range strings.Lines(out) {
		f := strings.Fields(line)
		switch {
		case f[2] == "0": // tests alone
		case f[0] == "main":
			commands = append(commands, f[1])
		case !strings.Contains(f[1]+"/", "/internal/"):
			libraries = append(libraries, f[1])
		}
	}
	return commands, libraries, nil
}

// require builds the packages in a module of somebody else's.
func (p *proxy) require(name string, m *module, packages []string) error {
	dir := filepath.Join(p.dir, name)
	var imports strings.Builder
	for _, path := range packages {
		fmt.Fprintf(&imports, "\t_ %q\n", path)
	}
	if err := write(filepath.Join(dir, "use.go"), []byte("package use\n\nimport (\n"+imports.String()+")\n"), 0o644); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"mod", "init", "example.com/use"},
		{"get", m.path + "@" + p.version},
		{"mod", "tidy"},
		{"build", "./..."},
	} {
		if _, err := command(dir, p.env, "go", args...); err != nil {
			return err
		}
	}
	return nil
}
