package main

import (
	"context"
	"errors"
	"time"

	"github.com/asyncio-go/asyncio"
)

// fetcher returns the links of a page.
type fetcher func(ctx context.Context, url string) (links []string, err error)

// crawler is what to crawl with.
type crawler struct {
	fetch  fetcher
	atOnce int           // pages to fetch at a time
	most   int           // pages in all
	wait   time.Duration // for one page
}

// page is what was learnt of a page.
type page struct {
	from  string // where the first link to it was found
	links int
	err   error
}

// crawl follows all links. c.fetch is an await point. With an error it returns what was learnt
// so far; a page that is nil was not fetched.
//
// Only loop tasks touch pages, one at a time: it needs no lock.
func (c *crawler) crawl(ctx context.Context, start string) (map[string]*page, error) {
	pages := map[string]*page{}
	places := asyncio.NewSemaphore(c.atOnce)
	err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
		var visit func(url, from string)
		visit = func(url, from string) {
			if _, known := pages[url]; known || len(pages) == c.most {
				return
			}
			pages[url] = nil
			tg.CreateTask(func(ctx context.Context) error {
				links, err := c.load(ctx, places, url)
				if errors.Is(err, asyncio.ErrCancelled) {
					return err // which says nothing of the page
				}
				pages[url] = &page{from, len(links), err}
				for _, link := range links {
					visit(link, url)
				}
				return nil
			}, asyncio.WithName(url))
		}
		visit(start, "")
		return nil
	})
	return pages, err
}

// load fetches a page when there is a place.
func (c *crawler) load(ctx context.Context, places *asyncio.Semaphore, url string) (links []string, err error) {
	err = places.With(ctx, func() error {
		return asyncio.Timeout(ctx, c.wait, func(ctx context.Context) (err error) {
			links, err = c.fetch(ctx, url)
			return err
		})
	})
	return links, err
}
