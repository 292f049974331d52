package main

import (
	"context"
	"errors"
	"fmt"
	"path"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/asynciotest"
)

var errMissing = errors.New("missing")

// fake is a site of 12 pages, some slow, one missing, one that never answers.
type fake struct {
	sleep     func(ctx context.Context, d time.Duration) error
	now, most atomic.Int64 // fetches at this moment, and the most that were
}

func (f *fake) fetch(ctx context.Context, url string) (links []string, err error) {
	if n := f.now.Add(1); n > f.most.Load() {
		f.most.Store(n)
	}
	defer f.now.Add(-1)
	var n int
	if _, err := fmt.Sscan(url, &n); err != nil {
		return nil, err
	}
	took := time.Duration(n%3) * 100 * time.Millisecond
	if n == 11 {
		took = time.Hour
	}
	if err := f.sleep(ctx, took); err != nil {
		return nil, err
	}
	if n == 10 {
		return nil, errMissing
	}
	return []string{fmt.Sprint(2 * n % 12), fmt.Sprint((2*n + 1) % 12), "0"}, nil
}

// check compares with all that a crawl of the fake site has to find.
func check(pages map[string]*page) error {
	if len(pages) != 12 {
		return fmt.Errorf("%d pages", len(pages))
	}
	for url, p := range pages {
		switch {
		case p == nil:
			return fmt.Errorf("page %s was not fetched", url)
		case url == "10" && errors.Is(p.err, errMissing), url == "11" && errors.Is(p.err, context.DeadlineExceeded):
		case p.links != 3 || p.err != nil:
			return fmt.Errorf("page %s has %d links: %w", url, p.links, p.err)
		}
	}
	return nil
}

func TestEveryPageIsFetchedInAnyOrder(t *testing.T) {
	asynciotest.Explore(t, asynciotest.Options{}, func(ctx context.Context) error {
		f := &fake{sleep: asyncio.Sleep}
		c := crawler{f.fetch, 3, 100, time.Second}
		pages, err := c.crawl(ctx, "1")
		if err != nil {
			return err
		}
		if f.most.Load() != 3 {
			return fmt.Errorf("%d pages were fetched at a time", f.most.Load())
		}
		return check(pages)
	})
}

func TestACrawlIsNotFailedByACancelledPage(t *testing.T) {
	asynciotest.Explore(t, asynciotest.Options{Cancel: 2}, func(ctx context.Context) error {
		f := &fake{sleep: asyncio.Sleep}
		c := crawler{f.fetch, 2, 100, time.Second}
		pages, err := c.crawl(ctx, "1")
		if err != nil || f.now.Load() != 0 || f.most.Load() > 2 {
			return fmt.Errorf("%w, %d fetches go on, there were %d at a time", err, f.now.Load(), f.most.Load())
		}
		gone := 0
		for _, p := range pages {
			if p == nil {
				gone++
			}
		}
		if gone > 2 {
			return fmt.Errorf("%d pages were not fetched", gone)
		}
		return nil
	})
}

func TestItStopsWhenToldTo(t *testing.T) {
	asynciotest.Explore(t, asynciotest.Options{}, func(ctx context.Context) error {
		f := &fake{sleep: asyncio.Sleep}
		c := crawler{f.fetch, 2, 100, time.Second}
		var pages map[string]*page
		_, err := asyncio.WaitFor(ctx, asyncio.CreateTask(ctx, asyncio.Void(func(ctx context.Context) (err error) {
			pages, err = c.crawl(ctx, "1")
			return err
		})), 150*time.Millisecond)
		if !errors.Is(err, asyncio.ErrTimeout) || pages["1"] == nil || f.now.Load() != 0 {
			return fmt.Errorf("%w after %d pages, %d fetches go on", err, len(pages), f.now.Load())
		}
		return nil
	})
}

func TestNoMorePagesThanWasSaid(t *testing.T) {
	asynciotest.Run(t, func(ctx context.Context) error {
		c := crawler{(&fake{sleep: asyncio.Sleep}).fetch, 2, 4, time.Second}
		pages, err := c.crawl(ctx, "1")
		if len(pages) != 4 {
			t.Errorf("%d pages", len(pages))
		}
		return err
	})
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Both find the same, and it takes the same time.
func TestThePlainTwin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{sleep: sleep}
		c := crawler{f.fetch, 3, 100, time.Second}
		start := time.Now()
		plain, err := c.crawlPlain(t.Context(), "1")
		if err != nil || f.most.Load() != 3 {
			t.Errorf("%v, with %d at a time", err, f.most.Load())
		}
		tookPlain := time.Since(start)
		if err := check(plain); err != nil {
			t.Error(err)
		}

		start = time.Now()
		c.fetch = (&fake{sleep: asyncio.Sleep}).fetch
		pages, err := asyncio.Run(t.Context(), func(ctx context.Context) (map[string]*page, error) { return c.crawl(ctx, "1") })
		if err != nil || time.Since(start) != tookPlain {
			t.Errorf("%v, after %v and %v", err, time.Since(start), tookPlain)
		}
		if err := check(pages); err != nil {
			t.Error(err)
		}
	})
}

func TestThePlainTwinStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{sleep: sleep}
		c := crawler{f.fetch, 2, 100, time.Second}
		ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
		defer cancel()
		pages, err := c.crawlPlain(ctx, "1")
		if !errors.Is(err, context.DeadlineExceeded) || pages["1"] == nil || f.now.Load() != 0 {
			t.Errorf("%v after %v, %d fetches go on", err, pages, f.now.Load())
		}
	})
}

// The site that the program has with it, over loopback.
func TestItsOwnSite(t *testing.T) {
	start, err := serveSite(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c := crawler{getInThread, 60, 1000, time.Second}
	pages, err := asyncio.Run(t.Context(), func(ctx context.Context) (map[string]*page, error) { return c.crawl(ctx, start) })
	if err != nil || len(pages) != 60 {
		t.Fatal(len(pages), err)
	}
	for url, p := range pages {
		var n int
		fmt.Sscan(path.Base(url), &n)
		want := n%13 == 12 || n == 17
		if got := p.err != nil; got != want {
			t.Error(url, p.err)
		}
	}
}
