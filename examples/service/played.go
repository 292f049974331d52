package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/asyncio-go/asyncio"
)

// backend is slow, however much it is asked for.
func backend(ctx context.Context, keys []string) (map[string]string, error) {
	values := map[string]string{}
	for _, key := range keys {
		values[key] = "the value of " + key
	}
	return values, asyncio.Sleep(ctx, 50*time.Millisecond)
}

// load is fifty clients, who ask for twenty keys for three seconds.
func load(ctx context.Context, url string) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	client := http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 50}}
	defer client.CloseIdleConnections()
	var clients sync.WaitGroup
	for n := range 50 {
		clients.Go(func() {
			for ; ctx.Err() == nil; n++ {
				request, _ := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprint(url, "/", n%20), nil)
				response, err := client.Do(request)
				if err != nil {
					return // it is over
				}
				_, _ = io.Copy(io.Discard, response.Body)
				_ = response.Body.Close()
			}
		})
	}
	clients.Wait()
}
