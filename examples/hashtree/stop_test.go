package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// endless is a tree that exists only here: 1000 directories of 1000 files each.
// Opening a file blocks until the task is cancelled, save for those that end in
// "0", of which there are 100 to a directory: they are empty.
type endless struct {
	disk
	listed, opened, left atomic.Int64 // directories read, opens that blocked, and those that ended
}

func newEndless() *endless {
	e := &endless{}
	e.lstat = func(name string) (fs.FileInfo, error) { return info{name, fs.ModeDir}, nil }
	e.readDir = func(name string) ([]fs.DirEntry, error) {
		e.listed.Add(1)
		entries := make([]fs.DirEntry, 1000)
		for i := range entries {
			entry := info{name: fmt.Sprintf("%03d", i)}
			if !strings.Contains(name, "/") {
				entry.mode = fs.ModeDir
			}
			entries[i] = fs.FileInfoToDirEntry(entry)
		}
		return entries, nil
	}
	e.open = func(ctx context.Context, name string) (io.ReadCloser, error) {
		if strings.HasSuffix(name, "0") {
			return io.NopCloser(strings.NewReader("")), nil
		}
		e.opened.Add(1)
		defer e.left.Add(1)
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return e
}

// info is a file's entry that needs no file.
type info struct {
	name string
	mode fs.FileMode
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return 0 }
func (i info) Mode() fs.FileMode  { return i.mode }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) IsDir() bool        { return i.mode.IsDir() }
func (i info) Sys() any           { return nil }

const emptySum = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// checkPart requires that the output is sorted and of hashed files alone, and
// that the message counts them.
func checkPart(t *testing.T, stdout, stderr, message string) {
	t.Helper()
	lines := slices.Collect(strings.Lines(stdout))
	if !slices.IsSorted(lines) {
		t.Errorf("stdout is not sorted:\n%s", stdout)
	}
	for _, l := range lines {
		if !strings.HasPrefix(l, emptySum+"  tree/") || !strings.HasSuffix(l, "0\n") {
			t.Errorf("stdout has the line %q", l)
		}
	}
	if want := fmt.Sprintf("hashtree: %s, files hashed: %d\n", message, len(lines)); stderr != want {
		t.Errorf("stderr is %q, want %q", stderr, want)
	}
}

func TestCancelledBeforeItStarts(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	e := newEndless()
	status, stdout, stderr := hashtree(t, ctx, e.disk, "tree")
	check(t, status, stdout, stderr, exitInterrupted, "", "hashtree: interrupted, files hashed: 0\n")
	if e.listed.Load() > 0 {
		t.Error("it looked at the tree all the same")
	}
}

// TestInterrupted cancels when nothing moves any more: all of the jobs hang in a
// file, until they are cancelled, and the walk waits for them.
func TestInterrupted(t *testing.T) {
	for _, jobs := range []int64{1, 2, 7} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			e := newEndless()
			go func() {
				synctest.Wait()
				if n := e.opened.Load(); n != jobs {
					t.Errorf("with --jobs %d, %d files are open", jobs, n)
				}
				// The root, and as many of its directories as tasks may be open.
				if n := e.listed.Load(); n > 1+windowPerJob*jobs {
					t.Errorf("%d directories of the tree were read ahead", n)
				}
				cancel()
			}()
			status, stdout, stderr := hashtree(t, ctx, e.disk, "--jobs", fmt.Sprint(jobs), "tree")
			if status != exitInterrupted {
				t.Errorf("exit status %d, want %d", status, exitInterrupted)
			}
			checkPart(t, stdout, stderr, "interrupted")
			if n := e.opened.Load(); n != jobs {
				t.Errorf("%d files were opened after the interruption", n-jobs)
			}
			if n := e.left.Load(); n != jobs {
				t.Errorf("%d tasks were left behind", jobs-n)
			}
		})
	}
}

// TestTimeout takes an hour of the bubble's time.
func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEndless()
		start := time.Now()
		status, stdout, stderr := hashtree(t, t.Context(), e.disk, "--jobs", "3", "--timeout", "1h", "tree")
		if status != exitTimeout {
			t.Errorf("exit status %d, want %d", status, exitTimeout)
		}
		checkPart(t, stdout, stderr, "out of time after 1h0m0s")
		if d := time.Since(start); d != time.Hour {
			t.Errorf("it took %v", d)
		}
		if n := e.opened.Load() - e.left.Load(); n != 0 {
			t.Errorf("%d tasks were left behind", n)
		}
	})
}

func TestATimeoutThatIsNotReached(t *testing.T) {
	root := grow(t)
	status, stdout, stderr := hashtree(t, t.Context(), osDisk, "--timeout", "1h", root)
	check(t, status, stdout, stderr, exitOK, expect(t, root), "")
}

// TestLargeFileStops has a file without an end.
func TestLargeFileStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	e := newEndless()
	e.open = func(context.Context, string) (io.ReadCloser, error) { return io.NopCloser(&zeros{cancel}), nil }
	status, stdout, stderr := hashtree(t, ctx, e.disk, "tree")
	check(t, status, stdout, stderr, exitInterrupted, "", "hashtree: interrupted, files hashed: 0\n")
}

// zeros interrupts when it is read.
type zeros struct{ interrupt func() }

func (z *zeros) Read(p []byte) (int, error) {
	z.interrupt()
	return len(p), nil
}

// TestAPanicIsAFailure of the one file.
func TestAPanicIsAFailure(t *testing.T) {
	root := grow(t)
	d := osDisk
	d.open = func(ctx context.Context, name string) (io.ReadCloser, error) {
		if name == root+"/z" {
			panic(errors.New("a bug"))
		}
		return osDisk.open(ctx, name)
	}
	status, stdout, stderr := hashtree(t, t.Context(), d, root)
	if status != exitFailed || strings.Contains(stdout, "  "+root+"/z\n") || !strings.Contains(stderr, "a bug") {
		t.Errorf("exit status %d, stderr %q", status, stderr)
	}
}
