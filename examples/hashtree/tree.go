package main

import (
	"context"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/asyncio-go/asyncio"
)

// disk is what hashtree asks of a file system.
type disk struct {
	lstat   func(name string) (fs.FileInfo, error)
	readDir func(name string) ([]fs.DirEntry, error)
	open    func(ctx context.Context, name string) (io.ReadCloser, error)
}

var osDisk = disk{
	lstat:   os.Lstat,
	readDir: os.ReadDir,
	open:    func(_ context.Context, name string) (io.ReadCloser, error) { return os.Open(name) },
}

// report is what a run found out.
type report struct {
	lines    []line
	bytes    int64
	failures []error
}

// tree is one run. Only the loop's tasks and callbacks use its variables, and
// of those one runs at a time: that is all the protection they need.
type tree struct {
	disk   disk
	window int // as many Go tasks may be open

	report
	todo []item                        // found and not begun, the next one last
	open int                           // Go tasks begun and not done
	room *asyncio.Future[asyncio.None] // what the walk waits for, nil if it does not
}

// item is something found in the tree.
type item struct {
	path  string
	entry fs.DirEntry
}

// windowPerJob is how many tasks are open for each that runs: enough that no
// processor waits for the walk, and no more of them for a large tree than for a
// small one.
const windowPerJob = 16

// hashTree hashes all that opts ask for and draws its progress on bar, if there
// is one. It returns what was done also when it was stopped before the end.
func hashTree(ctx context.Context, d disk, opts options, bar io.Writer) (*report, error) {
	t := &tree{disk: d, window: windowPerJob * opts.jobs}
	_, err := asyncio.Run(ctx, asyncio.Void(func(ctx context.Context) error {
		// All tasks are created in this scope: when it ends, so do they.
		ctx, cancel := asyncio.WithCancel(ctx)
		defer cancel()
		if opts.timeout > 0 {
			ctx, cancel = asyncio.WithTimeout(ctx, opts.timeout)
			defer cancel()
		}
		if bar != nil {
			asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) error {
				return progress(ctx, bar, &t.report)
			}))
		}
		return t.walk(ctx, opts.root)
	}), asyncio.WithMaxThreads(opts.jobs))
	return &t.report, err
}

// walk begins a Go task for everything it finds under root, and returns when all
// of them are done. The error is why it stopped before that.
func (t *tree) walk(ctx context.Context, root string) error {
	do(ctx, t, call(t.disk.lstat, root), func(info fs.FileInfo) {
		t.todo = append(t.todo, item{root, fs.FileInfoToDirEntry(info)})
	})
	for t.open > 0 || len(t.todo) > 0 {
		if t.open == t.window || len(t.todo) == 0 {
			t.room = asyncio.NewFuture[asyncio.None](ctx)
			if _, err := t.room.Await(ctx); err != nil {
				return err
			}
			continue
		}
		next := t.todo[len(t.todo)-1]
		t.todo = t.todo[:len(t.todo)-1]
		t.begin(ctx, next)
	}
	return nil
}

// begin reads a directory or hashes a file.
func (t *tree) begin(ctx context.Context, it item) {
	switch {
	case it.entry.IsDir():
		do(ctx, t, call(t.disk.readDir, it.path), func(entries []fs.DirEntry) {
			// Files come after directories, to be taken before them: what is found
			// is used up before more is looked for.
			for _, files := range []bool{false, true} {
				for _, entry := range entries {
					if entry.IsDir() != files {
						t.todo = append(t.todo, item{join(it.path, entry.Name()), entry})
					}
				}
			}
		})
	case it.entry.Type().IsRegular():
		hash := func(ctx context.Context) (hashed, error) { return hashFile(ctx, t.disk, it.path) }
		do(ctx, t, hash, func(h hashed) {
			t.lines = append(t.lines, line{sum: h.sum, name: escape(it.path)})
			t.bytes += h.size
		})
	}
}

// do runs work as a Go task, on a goroutine, and then done with its result as a
// callback, on the loop again.
func do[T any](ctx context.Context, t *tree, work asyncio.Coroutine[T], done func(T)) {
	t.open++
	asyncio.Go(ctx, work).AddDoneCallback(func(task *asyncio.Task[T]) {
		t.open--
		if result, err := task.Result(); err == nil {
			done(result)
		} else if !task.Cancelled() {
			t.failures = append(t.failures, err)
		}
		// The walk goes on with half of the window free, so that it is not woken for
		// each task, or with none left that could find something.
		if t.room != nil && (t.open == 0 || t.open <= t.window/2 && len(t.todo) > 0) {
			_ = t.room.SetResult(asyncio.None{}) // it fails if the walk was cancelled, and then none waits
			t.room = nil
		}
	})
}

// call is the coroutine that calls a function of the disk.
func call[T any](f func(name string) (T, error), name string) asyncio.Coroutine[T] {
	return func(context.Context) (T, error) { return f(name) }
}

// join is how find prints a name: with the directory as it was given.
func join(dir, name string) string {
	if strings.HasSuffix(dir, "/") {
		return dir + name
	}
	return dir + "/" + name
}
