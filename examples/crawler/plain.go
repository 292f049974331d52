package main

import (
	"context"
	"sync"
)

// crawlPlain is crawl in plain Go, for comparison. c.fetch blocks.
func (c *crawler) crawlPlain(ctx context.Context, start string) (map[string]*page, error) {
	var mu sync.Mutex // of pages
	var wg sync.WaitGroup
	pages := map[string]*page{}
	places := make(chan struct{}, c.atOnce)
	var visit func(url, from string) // with mu held
	visit = func(url, from string) {
		if _, known := pages[url]; known || len(pages) == c.most {
			return
		}
		pages[url] = nil
		wg.Go(func() {
			links, err := c.loadPlain(ctx, places, url)
			mu.Lock()
			defer mu.Unlock()
			if ctx.Err() != nil {
				return // err says nothing of the page
			}
			pages[url] = &page{from, len(links), err}
			for _, link := range links {
				visit(link, url)
			}
		})
	}
	mu.Lock()
	visit(start, "")
	mu.Unlock()
	wg.Wait()
	return pages, ctx.Err()
}

func (c *crawler) loadPlain(ctx context.Context, places chan struct{}, url string) ([]string, error) {
	select {
	case places <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-places }()
	ctx, cancel := context.WithTimeout(ctx, c.wait)
	defer cancel()
	return c.fetch(ctx, url)
}
