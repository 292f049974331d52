// Crawler follows the links of a web site and says which are broken.
//
//	go run ./examples/crawler                  # a small site of its own
//	go run ./examples/crawler http://localhost # or another
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"time"

	"github.com/asyncio-go/asyncio"
)

func main() { asyncio.Main(run) }

func run(ctx context.Context) error {
	c := &crawler{fetch: getInThread}
	flag.IntVar(&c.atOnce, "n", 8, "fetch `N` pages at a time")
	flag.IntVar(&c.most, "pages", 1000, "fetch `N` pages at most")
	flag.DurationVar(&c.wait, "timeout", time.Second, "wait so long for a page")
	plain := flag.Bool("plain", false, "do it in plain Go")
	flag.Parse()

	start, err := flag.Arg(0), error(nil)
	if start == "" {
		if start, err = serveSite(ctx); err != nil {
			return err
		}
	}

	var pages map[string]*page
	if *plain {
		c.fetch = get
		_, err = asyncio.Go(ctx, asyncio.Void(func(ctx context.Context) (err error) {
			pages, err = c.crawlPlain(ctx, start)
			return err
		})).Await(ctx)
	} else {
		pages, err = c.crawl(ctx, start)
	}
	fmt.Println(len(pages), "pages")
	for _, url := range slices.Sorted(maps.Keys(pages)) {
		if p := pages[url]; p != nil && p.err != nil {
			fmt.Printf("broken: %s, on %s: %v\n", url, p.from, p.err)
		}
	}
	return err
}

// getInThread is get as an await point.
func getInThread(ctx context.Context, url string) ([]string, error) {
	return asyncio.ToThread(ctx, func(ctx context.Context) ([]string, error) { return get(ctx, url) })
}

var href = regexp.MustCompile(`href="([^"#]+)`)

// get returns the links that a page has to its own host. It blocks.
func get(ctx context.Context, url string) (links []string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close() //nolint:errcheck // it was only read
	fmt.Println(url, response.Status)
	if response.StatusCode != http.StatusOK {
		return nil, errors.New(response.Status)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	for _, m := range href.FindAllSubmatch(body, -1) {
		if link, err := request.URL.Parse(string(m[1])); err == nil && link.Host == request.URL.Host {
			links = append(links, link.String())
		}
	}
	return links, err
}
