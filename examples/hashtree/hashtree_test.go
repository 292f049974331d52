package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// grow makes the same odd tree every time, below a new directory, and returns it.
func grow(t testing.TB) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "tree")
	names := []string{
		"a", "B", "b", "a.b", "a b", " a", "a ", "a!", "-", "--help", "*", "é", "\xff\xfe",
		"a\tb", "a\nb", "a\rb", `a\b`, `a\nb`, "a\x01b", `\`, "z",
	}
	seed := [32]byte{1, 2}
	source, rng := rand.NewChaCha8(seed), rand.New(rand.NewChaCha8(seed))
	for _, dir := range []string{".", "sub", "sub/a", "sub.d", "sub d", "new\nline", `back\slash`, "empty"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o777); err != nil {
			t.Fatal(err)
		}
		if dir == "empty" {
			continue
		}
		for _, name := range names {
			if dir == "sub" && name == "a" {
				continue // that is a directory
			}
			// Sizes around the buffer's, and none.
			data := make([]byte, []int{0, 1, 100, 64<<10 - 1, 64 << 10, 64<<10 + 1}[rng.IntN(6)])
			_, _ = source.Read(data)
			if err := os.WriteFile(filepath.Join(root, dir, name), data, 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	for link, target := range map[string]string{"link-file": "a", "link-dir": "sub", "link-up": "..", "link-nowhere": "gone"} {
		if err := os.Symlink(target, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// expect is the output that is right for a tree, made in a plain way: one file
// after the other, all of the lines as text, sorted from the second field on.
func expect(t testing.TB, root string) string {
	t.Helper()
	var lines []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		mark := ""
		if strings.ContainsAny(path, "\\\n\r") {
			mark = `\`
			path = strings.ReplaceAll(path, `\`, `\\`)
			path = strings.ReplaceAll(path, "\n", `\n`)
			path = strings.ReplaceAll(path, "\r", `\r`)
		}
		lines = append(lines, fmt.Sprintf("%s%x  %s", mark, sha256.Sum256(data), path))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(lines, func(a, b string) int {
		return cmp.Compare(a[strings.IndexByte(a, ' '):], b[strings.IndexByte(b, ' '):])
	})
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}

// hashtree runs the program and requires that no goroutine outlives it.
func hashtree(t testing.TB, ctx context.Context, d disk, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	before := runtime.NumGoroutine()
	var out, errs bytes.Buffer
	status = runOn(ctx, d, isTerminal, args, &out, &errs)
	// One that has done all its work may still be on its way out.
	for range 1_000_000 {
		if runtime.NumGoroutine() <= before {
			break
		}
		runtime.Gosched()
	}
	if after := runtime.NumGoroutine(); after > before {
		buf := make([]byte, 1<<20)
		t.Errorf("%d goroutines before, %d after:\n%s", before, after, buf[:runtime.Stack(buf, true)])
	}
	return status, out.String(), errs.String()
}

// check compares the result of a run with what it should be.
func check(t *testing.T, status int, stdout, stderr string, wantStatus int, wantOut, wantErr string) {
	t.Helper()
	if status != wantStatus {
		t.Errorf("exit status %d, want %d", status, wantStatus)
	}
	same(t, "stdout", stdout, wantOut)
	same(t, "stderr", stderr, wantErr)
}

// same reports the first line in which got differs from want.
func same(t *testing.T, what, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	g, w := strings.SplitAfter(got, "\n"), strings.SplitAfter(want, "\n")
	for n := 0; ; n++ {
		if n == len(g) || n == len(w) || g[n] != w[n] {
			t.Errorf("%s differs in line %d:\n%q\nshould be\n%q", what, n+1, g[n:min(n+1, len(g))], w[n:min(n+1, len(w))])
			return
		}
	}
}

func TestOutputIsThatOfAPlainComputation(t *testing.T) {
	root := grow(t)
	want := expect(t, root)
	if n := strings.Count(want, "\n"); n != 7*21-1 {
		t.Fatalf("the tree has %d files", n)
	}
	for _, jobs := range []string{"1", "2", "100"} {
		status, stdout, stderr := hashtree(t, t.Context(), osDisk, "--jobs", jobs, root)
		check(t, status, stdout, stderr, exitOK, want, "")
	}
}

// TestOutputIsThatOfTheCommands compares with the pipeline that the usage names,
// for everything that DIR can be.
func TestOutputIsThatOfTheCommands(t *testing.T) {
	for _, tool := range []string{"sh", "find", "sha256sum", "sort"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(err)
		}
	}
	root := grow(t)
	t.Chdir(root)
	for _, dir := range []string{
		root, root + "/", root + "//", ".", "./", "..", "../tree", "sub", "sub/", "./sub//a", "empty",
		"new\nline", `back\slash/`, "a", "sub/../a", "a\rb", "link-file", "link-dir", "link-dir/", "link-nowhere",
	} {
		t.Run(dir, func(t *testing.T) {
			command := exec.Command("sh", "-c", `find "$1" -type f -exec sha256sum {} + | sort -k2`, "sh", dir)
			command.Env = append(os.Environ(), "LC_ALL=C")
			want, err := command.Output()
			if err != nil {
				t.Fatal(err)
			}
			status, stdout, stderr := hashtree(t, t.Context(), osDisk, dir)
			check(t, status, stdout, stderr, exitOK, string(want), "")
		})
	}
}

func TestWhatIsNoDirectory(t *testing.T) {
	t.Chdir(grow(t))
	for dir, message := range map[string]string{
		"gone": "hashtree: lstat gone: no such file or directory\n",
		"a/":   "hashtree: lstat a/: not a directory\n",
		"":     "hashtree: lstat : no such file or directory\n",
	} {
		status, stdout, stderr := hashtree(t, t.Context(), osDisk, dir)
		check(t, status, stdout, stderr, exitFailed, "", message)
	}
}

func TestWhatCannotBeReadIsReportedAndTheRestHashed(t *testing.T) {
	root := grow(t)
	broken := errors.New("broken disk")
	deny := func(op, name string) error { return &fs.PathError{Op: op, Path: name, Err: fs.ErrPermission} }
	d := osDisk
	d.readDir = func(name string) ([]fs.DirEntry, error) {
		if filepath.Base(name) == "sub.d" {
			return nil, deny("open", name)
		}
		return os.ReadDir(name)
	}
	d.open = func(ctx context.Context, name string) (io.ReadCloser, error) {
		switch name {
		case root + "/z":
			return nil, deny("open", name)
		case root + "/a":
			return io.NopCloser(iotest.ErrReader(&fs.PathError{Op: "read", Path: name, Err: broken})), nil
		case root + "/b": // it went away, or turned into something else, after it was listed
			return osDisk.open(ctx, root+"/gone")
		case root + "/B":
			return osDisk.open(ctx, root+"/sub")
		}
		return osDisk.open(ctx, name)
	}
	var want []string
	for l := range strings.Lines(expect(t, root)) {
		path := strings.TrimSuffix(l[strings.Index(l, "  ")+2:], "\n")
		rest := strings.TrimPrefix(path, root+"/")
		if rest == "z" || rest == "a" || rest == "b" || rest == "B" || strings.HasPrefix(rest, "sub.d/") {
			continue
		}
		want = append(want, l)
	}
	status, stdout, stderr := hashtree(t, t.Context(), d, root)
	check(t, status, stdout, stderr, exitFailed, strings.Join(want, ""), strings.ReplaceAll(
		`hashtree: open ROOT/gone: no such file or directory
hashtree: open ROOT/sub.d: permission denied
hashtree: open ROOT/z: permission denied
hashtree: read ROOT/a: broken disk
hashtree: read ROOT/sub: is a directory
`, "ROOT", root))
}

func TestUsage(t *testing.T) {
	for args, message := range map[string]string{
		"":                 "no directory given",
		"--jobs 2":         "no directory given",
		"a b c":            "one directory at a time, but 3 were given",
		"--jobs 0 x":       "--jobs must be at least 1, not 0",
		"--jobs -1 x":      "--jobs must be at least 1, not -1",
		"--jobs many x":    `invalid value "many" for flag -jobs: parse error`,
		"--timeout -1s x":  "--timeout must not be negative, as -1s is",
		"--timeout 5 x":    `invalid value "5" for flag -timeout: parse error`,
		"--what x":         "flag provided but not defined: -what",
		"--jobs":           "flag needs an argument: -jobs",
		"--timeout 1m a b": "one directory at a time, but 2 were given",
	} {
		status, stdout, stderr := hashtree(t, t.Context(), osDisk, strings.Fields(args)...)
		check(t, status, stdout, stderr, exitUsage, "", "hashtree: "+message+"\n\n"+usage)
	}
	status, stdout, stderr := hashtree(t, t.Context(), osDisk, "--help")
	check(t, status, stdout, stderr, exitOK, usage, "")
}

// TestNamesThatLookLikeFlags are meant as names after "--".
func TestNamesThatLookLikeFlags(t *testing.T) {
	t.Chdir(grow(t))
	status, stdout, stderr := hashtree(t, t.Context(), osDisk, "--", "--help")
	check(t, status, stdout, stderr, exitOK, expect(t, "--help"), "")
}

// full fails as a full disk does.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestOutputThatCannotBeWritten(t *testing.T) {
	var stderr bytes.Buffer
	status := run(t.Context(), []string{grow(t)}, full{}, &stderr)
	check(t, status, "", stderr.String(), exitFailed, "", "hashtree: no space left\n")
}

// TestABarOnATerminal is drawn and wiped; TestOutputIs... has none.
func TestABarOnATerminal(t *testing.T) {
	root := grow(t)
	var stdout, stderr bytes.Buffer
	terminal := func(io.Writer) bool { return true }
	status := runOn(t.Context(), osDisk, terminal, []string{root}, &stdout, &stderr)
	if !strings.Contains(stderr.String(), "files") {
		t.Errorf("no bar was drawn: %q", stderr.String())
	}
	if !strings.HasSuffix(stderr.String(), "\r") {
		t.Errorf("the bar was left behind: %q", stderr.String())
	}
	check(t, status, stdout.String(), "", exitOK, expect(t, root), "")
}
