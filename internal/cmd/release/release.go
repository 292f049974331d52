package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// release is one that is being made.
type release struct {
	repo    string // the root of the repository
	version string // as v0.2.0
	dry     bool
	say     func(format string, a ...any)

	dir     string // temporary: all that follows is there
	tree    string // the files as they are released
	modules []*module
}

// make is the whole of it.
func (r *release) make() (err error) {
	if err := r.check(); err != nil {
		return err
	}
	r.dir, err = os.MkdirTemp("", "release")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.clean()) }()
	r.tree = filepath.Join(r.dir, "tree")
	if err := r.export(); err != nil {
		return err
	}
	if r.modules, err = findModules(r.tree); err != nil {
		return err
	}
	for _, m := range r.modules {
		if err := r.refuse(r.tagged(m.tag(r.version))); err != nil {
			return err
		}
	}
	p := newProxy(r)
	for _, m := range r.modules {
		if err := p.publish(m); err != nil {
			return err
		}
	}
	if err := p.prove(); err != nil {
		return err
	}
	if r.dry {
		r.say("%s of %d modules could be released", r.version, len(r.modules))
		return nil
	}
	return r.tag()
}

var (
	semver  = regexp.MustCompile(`^v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?$`)
	heading = regexp.MustCompile(`(?m)^## \[?(v\d+\.\d+\.\d+[0-9A-Za-z.-]*)\]?(?: .*)?$`)
)

// check refuses what cannot be released.
func (r *release) check() error {
	text, err := os.ReadFile(filepath.Join(r.repo, "CHANGELOG.md"))
	if err != nil {
		return err
	}
	var written []string
	for _, m := range heading.FindAllStringSubmatch(string(text), -1) {
		written = append(written, m[1])
	}
	if r.version == "" && len(written) > 0 {
		r.version = written[0]
	}
	switch m := semver.FindStringSubmatch(r.version); {
	case r.version == "":
		return errors.New("CHANGELOG.md has no heading with a version, as ## v0.2.0")
	case m == nil:
		return fmt.Errorf("%q is no version: it is one like v0.2.0", r.version)
	case m[1] != "0" && m[1] != "1":
		return fmt.Errorf("%s: from v2 on the paths of the modules have to end with /v%s", r.version, m[1])
	case !slices.Contains(written, r.version):
		return fmt.Errorf("CHANGELOG.md has no heading ## %s: write down what changes for callers", r.version)
	}
	changes, err := command(r.repo, nil, "git", "status", "--porcelain")
	if err != nil {
		return err
	}
	if changes != "" {
		return r.refuse(fmt.Errorf("the tree has changes that are not committed:\n%s", strings.TrimRight(changes, "\n")))
	}
	return nil
}

// refuse is for what a dry run goes on after.
func (r *release) refuse(err error) error {
	if err != nil && r.dry {
		r.say("it would be refused: %v", err)
		return nil
	}
	return err
}

// tagged returns an error if there is such a tag.
func (r *release) tagged(tag string) error {
	out, err := command(r.repo, nil, "git", "tag", "--list", tag)
	if err == nil && out != "" {
		err = fmt.Errorf("there is a tag %s already: a version is released once, take the next one", tag)
	}
	return err
}

// export makes the tree: of HEAD, or in a dry run of the files as they are.
func (r *release) export() error {
	if !r.dry {
		_, err := command(r.repo, nil, "git", "worktree", "add", "--quiet", "--detach", r.tree, "HEAD")
		return err
	}
	files, err := command(r.repo, nil, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate")
	if err != nil {
		return err
	}
	for name := range strings.SplitSeq(strings.TrimRight(files, "\x00"), "\x00") {
		from, to := filepath.Join(r.repo, name), filepath.Join(r.tree, name)
		info, err := os.Lstat(from)
		if errors.Is(err, os.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
			continue // removed, but not committed; or a link, which is in no module
		} else if err != nil {
			return err
		}
		text, err := os.ReadFile(from)
		if err != nil {
			return err
		}
		if err := write(to, text, info.Mode().Perm()); err != nil {
			return err
		}
	}
	return nil
}

// tag commits the tree beside the branch, and makes the tags.
func (r *release) tag() error {
	message := "Release " + r.version + "\n\nThe modules require each other by version."
	for _, args := range [][]string{
		{"add", "--all"},
		{"commit", "--quiet", "--no-verify", "--allow-empty", "--message", message},
	} {
		if _, err := command(r.tree, nil, "git", args...); err != nil {
			return err
		}
	}
	var tags []string
	for _, m := range r.modules {
		tag := m.tag(r.version)
		if _, err := command(r.tree, nil, "git", "tag", tag); err != nil {
			return errors.Join(err, r.untag(tags))
		}
		tags = append(tags, tag)
	}
	r.say("%s is tagged, and not pushed yet:\n\n\tgit push origin %s", r.version, strings.Join(tags, " "))
	return nil
}

// untag takes tags back: there are all of them, or none.
func (r *release) untag(tags []string) error {
	if len(tags) == 0 {
		return nil
	}
	_, err := command(r.repo, nil, "git", append([]string{"tag", "--delete"}, tags...)...)
	return err
}

// clean removes what is temporary.
func (r *release) clean() error {
	// The module cache is read-only.
	_ = filepath.WalkDir(r.dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			err = os.Chmod(path, 0o755) //nolint:gosec // to be removed
		}
		return err
	})
	err := os.RemoveAll(r.dir)
	if !r.dry {
		_, pruned := command(r.repo, nil, "git", "worktree", "prune")
		err = errors.Join(err, pruned)
	}
	return err
}

func write(file string, text []byte, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, text, mode)
}

// command returns what a command prints. Its environment is that of this process and env.
func command(dir string, env []string, name string, args ...string) (string, error) {
	c := exec.Command(name, args...)
	c.Dir = dir
	c.Env = append(os.Environ(), env...)
	var stderr strings.Builder
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		err = fmt.Errorf("%s %s: %w\n%s%s", name, strings.Join(args, " "), err, stderr.String(), out)
	}
	return string(out), err
}
