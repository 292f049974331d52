package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/asyncio-go/asyncio"
)

// demo is a client: it submits jobs, cancels one, and shows them until all are done.
func demo(ctx context.Context, url string) error {
	for _, job := range []string{
		`{"command": ["sleep", "1"]}`,
		`{"command": ["sh", "-c", "echo started; exit 3"], "retries": 1}`,
		`{"command": ["echo", "the first two are done"], "after": [1, 2]}`,
		`{"command": ["sleep", "60"]}`,
		`{"command": ["echo", "the first is done"], "after": [1]}`,
		`{"command": ["sleep", "60"], "seconds": 0.5}`,
		`{"command": ["no-such-command"]}`,
	} {
		if _, err := call(ctx, "POST", url+"/jobs", job); err != nil {
			return err
		}
	}
	for n := 1; ; n++ {
		answer, err := call(ctx, "GET", url+"/jobs", "")
		if err != nil {
			return err
		}
		var jobs []job
		if err := json.Unmarshal(answer, &jobs); err != nil {
			return err
		}
		pending := 0
		for _, j := range jobs {
			fmt.Printf("%d  %-28s %-10s %s %q\n", j.ID, strings.Join(j.Command, " "), j.State, j.Why, j.Output)
			if j.State == "waits" || j.State == "runs" {
				pending++
			}
		}
		fmt.Println()
		if pending == 0 {
			return nil
		}
		if n == 3 {
			if _, err := call(ctx, "DELETE", url+"/jobs/4?why=nobody+needs+it", ""); err != nil {
				return err
			}
		}
		if err := asyncio.Sleep(ctx, 500*time.Millisecond); err != nil {
			return err
		}
	}
}

// call does a request in a thread.
func call(ctx context.Context, method, url, body string) ([]byte, error) {
	return asyncio.ToThread(ctx, func(ctx context.Context) ([]byte, error) {
		request, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
		if err != nil {
			return nil, err
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return nil, err
		}
		defer response.Body.Close() //nolint:errcheck // it was only read
		answer, err := io.ReadAll(response.Body)
		if err == nil && response.StatusCode != http.StatusOK {
			err = fmt.Errorf("%s: %s", response.Status, answer)
		}
		return answer, err
	})
}
