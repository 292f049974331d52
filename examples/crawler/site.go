package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"
)

// serveSite serves the example's own site on loopback until ctx ends.
func serveSite(ctx context.Context) (start string, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	context.AfterFunc(ctx, func() { listener.Close() }) //nolint:errcheck // nobody uses it any more
	go http.Serve(listener, http.HandlerFunc(site))     //nolint:errcheck // it ends with the listener
	return "http://" + listener.Addr().String() + "/0", nil
}

// site is 60 pages, each with links to three others, which take up to 180 ms. A few are
// missing, and one does not answer.
func site(w http.ResponseWriter, r *http.Request) {
	var n int
	_, _ = fmt.Sscanf(r.URL.Path, "/%d", &n)
	slow := time.After(time.Duration(n*7%10) * 20 * time.Millisecond)
	if n == 17 {
		slow = nil
	}
	select {
	case <-slow:
	case <-r.Context().Done():
		return
	}
	if n%13 == 12 {
		http.NotFound(w, r)
		return
	}
	for i := 1; i <= 3; i++ {
		fmt.Fprintf(w, "<a href=\"/%d\">next</a>\n", (3*n+i)%60)
	}
}
