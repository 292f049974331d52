package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fake is a repository of three modules, whose command uses both others.
type fake struct {
	*testing.T
	dir  string
	said strings.Builder
}

const fakePath = "github.com/asyncio-go/fake"

func newFake(t *testing.T) *fake {
	t.Helper()
	f := &fake{T: t, dir: t.TempDir()}
	for name, value := range map[string]string{
		"GIT_CONFIG_GLOBAL": os.DevNull, "GIT_CONFIG_SYSTEM": os.DevNull,
		"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.com",
		"GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.com",
		"GOFLAGS": "", "GOPROXY": "off", "TMPDIR": t.TempDir(),
	} {
		t.Setenv(name, value)
	}
	f.write("CHANGELOG.md", "# Changelog\n\n## Unreleased\n\n## [v0.3.0] - tomorrow\n\n## v0.2.0\n")
	f.write("LICENSE", "as you like\n")
	f.write("go.mod", "module "+fakePath+"\n\ngo 1.26\n")
	f.write("fake.go", "package fake\n\nconst Answer = 42\n")
	f.write("testdata/go.mod", "module none\n")
	f.write("tool/lib/go.mod", "module "+fakePath+"/tool/lib\n\ngo 1.26\n\nrequire "+fakePath+" v0.0.0\n\nreplace "+fakePath+" => ../..\n")
	f.write("tool/lib/lib.go", "package lib\n\nimport \""+fakePath+"\"\n\nconst Twice = 2 * fake.Answer\n")
	f.write("tool/go.mod", "module "+fakePath+"/tool\n\ngo 1.26\n\nrequire (\n\t"+fakePath+" v0.0.0\n\t"+fakePath+"/tool/lib v0.0.0\n)\n\n"+
		"replace (\n\t"+fakePath+" => ../\n\t"+fakePath+"/tool/lib => ./lib\n)\n")
	f.write("tool/cmd/say/main.go", "package main\n\nimport (\n\t\"fmt\"\n\n\t\""+fakePath+"\"\n\t\""+fakePath+"/tool/lib\"\n)\n\n"+
		"func main() { fmt.Println(fake.Answer, lib.Twice) }\n")
	f.git("init", "--quiet", "--initial-branch=main")
	f.git("add", "--all")
	f.git("commit", "--quiet", "--message=all")
	return f
}

func (f *fake) write(name, text string) {
	f.Helper()
	if err := write(filepath.Join(f.dir, name), []byte(text), 0o644); err != nil {
		f.Fatal(err)
	}
}

func (f *fake) git(args ...string) string {
	f.Helper()
	out, err := command(f.dir, nil, "git", args...)
	if err != nil {
		f.Fatal(err)
	}
	return strings.TrimSpace(out)
}

func (f *fake) release(version string, dry bool) error {
	r := &release{repo: f.dir, version: version, dry: dry, say: func(format string, a ...any) { fmt.Fprintf(&f.said, format+"\n", a...) }}
	return r.make()
}

// expectError checks the words of an error, and that it has left nothing.
func (f *fake) expectError(err error, words ...string) {
	f.Helper()
	for _, w := range words {
		if !strings.Contains(fmt.Sprint(err), w) {
			f.Errorf("%v: without %q", err, w)
		}
	}
	f.expectNothingLeft()
}

func (f *fake) expectNothingLeft() {
	f.Helper()
	if left, _ := os.ReadDir(os.Getenv("TMPDIR")); len(left) > 0 {
		f.Errorf("%v is left", left)
	}
	if trees := f.git("worktree", "list"); strings.Contains(trees, "\n") {
		f.Errorf("work trees are left:\n%s", trees)
	}
}

func TestDryRunTouchesNothing(t *testing.T) {
	f := newFake(t)
	before := f.git("rev-parse", "HEAD")
	if err := f.release("", true); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		fakePath + "@v0.3.0: go get of 1 packages, go install of 0 commands",
		fakePath + "/tool/lib@v0.3.0: go get of 1 packages",
		fakePath + "/tool@v0.3.0: go get of 0 packages, go install of 1 commands",
		"v0.3.0 of 3 modules could be released",
	} {
		if !strings.Contains(f.said.String(), want) {
			t.Errorf("without %q:\n%s", want, &f.said)
		}
	}
	if f.git("status", "--porcelain") != "" || f.git("tag") != "" || f.git("rev-parse", "HEAD") != before {
		t.Error("the repository has changed")
	}
	f.expectNothingLeft()
}

func TestReleaseIsACommitBesideTheBranch(t *testing.T) {
	f := newFake(t)
	before := f.git("rev-parse", "HEAD")
	if err := f.release("v0.2.0", false); err != nil {
		t.Fatal(err)
	}
	if got, want := f.git("tag"), "tool/lib/v0.2.0\ntool/v0.2.0\nv0.2.0"; got != want {
		t.Errorf("tags %q, want %q", got, want)
	}
	if f.git("status", "--porcelain") != "" || f.git("rev-parse", "HEAD", "main") != before+"\n"+before {
		t.Error("the branch has changed")
	}
	if parent := f.git("rev-parse", "v0.2.0^"); parent != before {
		t.Errorf("the release is of %s", parent)
	}
	if mod := f.git("show", "v0.2.0:tool/go.mod"); strings.Contains(mod, "replace") || strings.Count(mod, "v0.2.0") != 2 {
		t.Errorf("released with\n%s", mod)
	}
	if !strings.Contains(f.said.String(), "git push origin v0.2.0 tool/lib/v0.2.0 tool/v0.2.0") {
		t.Errorf("said\n%s", &f.said)
	}
	f.expectNothingLeft()
	f.expectError(f.release("v0.2.0", false), "there is a tag v0.2.0 already")
	if err := f.release("v0.2.0", true); err != nil || !strings.Contains(f.said.String(), "it would be refused: there is a tag v0.2.0") {
		t.Errorf("%v\n%s", err, &f.said)
	}

	// What go.sum has is what others get from git.
	modules := t.TempDir()
	env := []string{"GOPROXY=direct", "GOSUMDB=off", "GOFLAGS=-modcacherw", "GOMODCACHE=" + modules, "GOBIN=" + modules,
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=url." + f.dir + ".insteadOf", "GIT_CONFIG_VALUE_0=https://" + fakePath}
	sums := f.git("show", "v0.2.0:tool/go.sum")
	for _, m := range []string{fakePath, fakePath + "/tool/lib"} {
		out, err := command(modules, env, "go", "mod", "download", "-json", m+"@v0.2.0")
		if err != nil {
			t.Fatal(err)
		}
		var got struct{ Sum, GoModSum string }
		if err := json.Unmarshal([]byte(out), &got); err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{m + " v0.2.0 " + got.Sum, m + " v0.2.0/go.mod " + got.GoModSum} {
			if !strings.Contains(sums, line) {
				t.Errorf("go.sum without %s:\n%s", line, sums)
			}
		}
	}
	if _, err := command(modules, env, "go", "install", fakePath+"/tool/cmd/say@v0.2.0"); err != nil {
		t.Error(err)
	}
	if out, err := command(modules, nil, filepath.Join(modules, "say")); out != "42 84\n" {
		t.Error(out, err)
	}
}

func TestWhatIsNotReleased(t *testing.T) {
	t.Run("a version that is none, or not written down", func(t *testing.T) {
		f := newFake(t)
		f.expectError(f.release("0.2.0", false), `"0.2.0" is no version`, "v0.2.0")
		f.expectError(f.release("v0.2", true), "is no version")
		f.expectError(f.release("v2.0.0", false), "have to end with /v2")
		f.expectError(f.release("v0.4.0", true), "CHANGELOG.md has no heading ## v0.4.0")
		f.write("CHANGELOG.md", "# Changelog\n\n## Unreleased\n")
		f.expectError(f.release("", true), "no heading with a version")
	})
	t.Run("what is not committed", func(t *testing.T) {
		f := newFake(t)
		f.write("new.go", "package fake\n")
		f.expectError(f.release("v0.2.0", false), "not committed", "new.go")
		if err := f.release("v0.2.0", true); err != nil || !strings.Contains(f.said.String(), "it would be refused: the tree has changes") {
			t.Errorf("%v\n%s", err, &f.said)
		}
	})
	t.Run("a module that has only some of its tags", func(t *testing.T) {
		f := newFake(t)
		f.git("tag", "tool/v0.2.0")
		f.expectError(f.release("v0.2.0", false), "there is a tag tool/v0.2.0 already")
		if tags := f.git("tag"); tags != "tool/v0.2.0" {
			t.Error(tags)
		}
	})
	for _, c := range []struct{ name, file, text, want string }{
		{"what is replaced by what others do not have", "tool/go.mod", "module " + fakePath + "/tool\n\nreplace example.com/x => ../x\n", "replaces example.com/x, which is none"},
		{"what is replaced by another place", "tool/go.mod", "module " + fakePath + "/tool\n\nreplace " + fakePath + " => ../../fake\n", "where it is not"},
		{"a module that is not where its path says", "tool/go.mod", "module " + fakePath + "/other\n", "go get would look for it as " + fakePath + "/tool"},
		{"modules in a circle", "go.mod", "module " + fakePath + "\n\nrequire " + fakePath + "/tool v0.0.0\n", "in a circle"},
		{"what does not build where others have it", "tool/lib/lib.go", "package lib\n\nconst Twice = missing\n", "undefined: missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			f.write(c.file, c.text)
			f.git("commit", "--quiet", "--all", "--message=wrong")
			f.expectError(f.release("v0.2.0", false), c.want)
			f.expectError(f.release("v0.2.0", true), c.want)
			if tags := f.git("tag"); tags != "" {
				t.Errorf("tags %s", tags)
			}
		})
	}
}
