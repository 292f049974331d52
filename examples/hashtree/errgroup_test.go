package main

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

var benchTree = flag.String("tree", "", "the `directory` that the benchmark hashes; one is made if empty")

// errgroupTree is hashTree as one would write it with errgroup: a walk, a
// goroutine a file, a limit, a lock.
func errgroupTree(ctx context.Context, d disk, opts options) (*report, error) {
	if opts.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, opts.timeout)
		defer cancel()
	}
	var r report
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(opts.jobs)
	err := filepath.WalkDir(opts.root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			mu.Lock()
			defer mu.Unlock()
			r.failures = append(r.failures, err)
			return nil
		}
		if err := ctx.Err(); err != nil || !entry.Type().IsRegular() {
			return err
		}
		g.Go(func() error {
			h, err := hashFile(ctx, d, path)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case err != nil:
				r.failures = append(r.failures, err)
			default:
				r.lines = append(r.lines, line{sum: h.sum, name: escape(path)})
				r.bytes += h.size
			}
			return nil
		})
		return nil
	})
	if e := g.Wait(); err == nil {
		err = e
	}
	return &r, err
}

func TestErrgroupTreeDoesTheSame(t *testing.T) {
	root := grow(t)
	r, err := errgroupTree(t.Context(), osDisk, options{jobs: 2, root: root})
	if err != nil || len(r.failures) > 0 {
		t.Fatal(err, r.failures)
	}
	var out strings.Builder
	if err := r.print(&out); err != nil {
		t.Fatal(err)
	}
	same(t, "the output of the other side", out.String(), expect(t, root))
}

// BenchmarkAgainstErrgroup hashes one tree in both ways by turns, so that what
// else the machine does strikes both, and reports the median time of each and
// the median ratio of two neighbours.
//
//	go test -run '^$' -bench . -tree DIR
func BenchmarkAgainstErrgroup(b *testing.B) {
	root := *benchTree
	if root == "" {
		root = forest(b)
	}
	for _, timeout := range []time.Duration{0, time.Hour} {
		b.Run(fmt.Sprintf("timeout=%v", timeout), func(b *testing.B) {
			opts := options{jobs: runtime.GOMAXPROCS(0), root: root, timeout: timeout}
			ours := func() (*report, error) { return hashTree(b.Context(), osDisk, opts, nil) }
			theirs := func() (*report, error) { return errgroupTree(b.Context(), osDisk, opts) }
			clock := func(f func() (*report, error)) float64 {
				runtime.GC()
				start := time.Now()
				r, err := f()
				if err != nil || len(r.failures) > 0 {
					b.Fatal(err, r.failures)
				}
				return float64(time.Since(start)) / float64(time.Millisecond)
			}
			clock(theirs) // reads the tree into the page cache
			var asyncioMs, errgroupMs, ratio []float64
			for b.Loop() {
				a, e := clock(ours), clock(theirs)
				asyncioMs, errgroupMs, ratio = append(asyncioMs, a), append(errgroupMs, e), append(ratio, a/e)
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(median(asyncioMs), "asyncio-ms")
			b.ReportMetric(median(errgroupMs), "errgroup-ms")
			b.ReportMetric(median(ratio), "ratio")
		})
	}
}

func median(x []float64) float64 {
	slices.Sort(x)
	return x[len(x)/2]
}

// forest is a tree with sizes as sources have them: 3000 files, most of a few
// kilobytes, in 300 directories.
func forest(b *testing.B) string {
	root := b.TempDir()
	rng := rand.New(rand.NewPCG(1, 2))
	data := make([]byte, 1<<20)
	for dir := range 300 {
		path := filepath.Join(root, fmt.Sprint(dir%17), fmt.Sprint(dir))
		if err := os.MkdirAll(path, 0o777); err != nil {
			b.Fatal(err)
		}
		for file := range 10 {
			size := min(int(4000*rng.ExpFloat64()*rng.ExpFloat64()), len(data))
			if err := os.WriteFile(filepath.Join(path, fmt.Sprint(file)), data[:size], 0o666); err != nil {
				b.Fatal(err)
			}
		}
	}
	return root
}
