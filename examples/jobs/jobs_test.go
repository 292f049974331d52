package main

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
	"github.com/asyncio-go/asyncio/asynciotest"
)

// played has a scheduler with two places on which commands are played: "work" takes a second,
// "hang" for ever, "fail" fails.
type played struct {
	scheduler
	now, most int // that run
	runs      map[string]int
}

func (p *played) execute(ctx context.Context, command []string) (string, error) {
	p.now++
	p.most = max(p.most, p.now)
	defer func() { p.now-- }()
	p.runs[command[0]]++
	d := time.Second
	if command[0] == "hang" {
		d = time.Hour
	}
	if err := asyncio.Sleep(ctx, d); err != nil {
		return "", err
	}
	if command[0] == "fail" {
		return "", errors.New("it failed")
	}
	return "done", nil
}

// schedule has a scheduler for the jobs, whose ids begin with 1, calls meanwhile, and waits
// until all are done.
func schedule(ctx context.Context, specs []spec, meanwhile func(ctx context.Context, p *played) error) (*played, error) {
	p := &played{runs: map[string]int{}}
	err := asyncio.WithTaskGroup(ctx, func(tg *asyncio.TaskGroup) error {
		tg.Supervise(func(asyncio.AnyTask, error) {})
		p.scheduler = scheduler{group: tg, places: asyncio.NewSemaphore(2), execute: p.execute, jobs: []*job{}}
		for _, what := range specs {
			if _, err := p.submit(what); err != nil {
				return err
			}
		}
		if meanwhile == nil {
			return nil
		}
		return meanwhile(ctx, p)
	})
	return p, err
}

func (p *played) check(want ...string) error {
	for i, j := range p.jobs {
		if got := j.State + ": " + j.Why; got != want[i] {
			return fmt.Errorf("job %d is %q instead of %q", j.ID, got, want[i])
		}
	}
	return nil
}

var several = []spec{
	{Command: []string{"work"}},
	{Command: []string{"fail"}, Retries: 2},
	{Command: []string{"after both"}, After: []int{1, 2}},
	{Command: []string{"after the first"}, After: []int{1}},
	{Command: []string{"hang"}, Seconds: 5},
	{Command: []string{"after the last"}, After: []int{3}},
}

func TestJobs(t *testing.T) {
	asynciotest.Explore(t, asynciotest.Options{}, func(ctx context.Context) error {
		p, err := schedule(ctx, several, nil)
		if err != nil {
			return err
		}
		if p.runs["fail"] != 3 || p.runs["after both"] != 0 || p.runs["hang"] != 1 || p.most != 2 {
			return fmt.Errorf("what ran is %v, %d at a time", p.runs, p.most)
		}
		return p.check("succeeded: ", "failed: it failed", "failed: job 2: it failed", "succeeded: ",
			"failed: asyncio: timeout", "failed: job 3: job 2: it failed")
	})
}

// A job that waits for another is cancelled without it; one that waits for a cancelled one fails.
func TestCancel(t *testing.T) {
	asynciotest.Explore(t, asynciotest.Options{}, func(ctx context.Context) error {
		p, err := schedule(ctx, several, func(ctx context.Context, p *played) error {
			if err := asyncio.Sleep(ctx, 500*time.Millisecond); err != nil {
				return err
			}
			p.jobs[3].task.Cancel("nobody needs it")
			p.jobs[4].task.Cancel("too long")
			return nil
		})
		if err != nil {
			return err
		}
		return p.check("succeeded: ", "failed: it failed", "failed: job 2: it failed", "cancelled: nobody needs it",
			"cancelled: too long", "failed: job 3: job 2: it failed")
	})
}

func TestCancelledAnywhere(t *testing.T) {
	asynciotest.Explore(t, asynciotest.Options{Cancel: 2}, func(ctx context.Context) error {
		p, err := schedule(ctx, several, nil)
		if err != nil || p.now != 0 || p.most > 2 {
			return fmt.Errorf("%d run, %d did at a time: %w", p.now, p.most, err)
		}
		cancelled := 0
		for _, j := range p.jobs {
			switch j.State {
			case "cancelled":
				cancelled++
			case "succeeded", "failed":
			default:
				return fmt.Errorf("job %d %s %s", j.ID, j.State, j.Why)
			}
		}
		if cancelled > 2 {
			return fmt.Errorf("%d are cancelled", cancelled)
		}
		return nil
	})
}

func TestWhy(t *testing.T) {
	asynciotest.Run(t, func(ctx context.Context) error {
		_, err := schedule(ctx, several, func(ctx context.Context, p *played) error {
			err := p.check("waits: to begin", "waits: to begin", "waits: to begin", "waits: to begin", "waits: to begin", "waits: to begin")
			if err != nil {
				return err
			}
			if err := asynciotest.Settle(ctx); err != nil {
				return err
			}
			err = p.check("runs: attempt 1", "runs: attempt 1", "waits: for job 1", "waits: for job 1", "waits: for a place", "waits: for job 3")
			if err != nil {
				return err
			}
			if err := asynciotest.Advance(ctx, time.Second); err != nil {
				return err
			}
			return p.check("succeeded: ", "waits: 1s after attempt 1: it failed", "waits: for job 2", "runs: attempt 1", "runs: attempt 1", "waits: for job 3")
		})
		return err
	})
}

func TestWhatCannotBeSubmitted(t *testing.T) {
	asynciotest.Run(t, func(ctx context.Context) error {
		_, err := schedule(ctx, several, func(_ context.Context, p *played) error {
			for want, what := range map[string]spec{
				"no command": {},
				"no job 7":   {Command: []string{"work"}, After: []int{7}},
				"no job 0":   {Command: []string{"work"}, After: []int{0}},
			} {
				if _, err := p.submit(what); err == nil || err.Error() != want {
					return fmt.Errorf("%w instead of %s", err, want)
				}
			}
			return nil
		})
		return err
	})
}

// request is what a client does, in a goroutine of its own.
func request(ctx context.Context, p *played, method, path, body string) (status int, answer string, err error) {
	api := p.api(asyncio.RunningLoop(ctx))
	_, err = asyncio.ToThread(ctx, asyncio.Void(func(ctx context.Context) error {
		w := httptest.NewRecorder()
		api.ServeHTTP(w, httptest.NewRequestWithContext(ctx, method, path, strings.NewReader(body)))
		status, answer = w.Code, strings.TrimSpace(w.Body.String())
		return ctx.Err()
	}))
	return status, answer, err
}

func TestAPI(t *testing.T) {
	asynciotest.Run(t, func(ctx context.Context) error {
		_, err := schedule(ctx, nil, func(ctx context.Context, p *played) error {
			for _, x := range []struct {
				method, path, body string
				status             int
				answer             string
			}{
				{"GET", "/jobs", "", 200, "[]"},
				{"POST", "/jobs", `{"command": ["work"]}`, 200, `{"command":["work"],"id":1,"state":"waits","why":"to begin"}`},
				{"POST", "/jobs", `{"command": ["hang"], "seconds": 1000}`, 200, `{"command":["hang"],"seconds":1000,"id":2,"state":"waits","why":"to begin"}`},
				{"GET", "/jobs/1?wait", "", 200, `{"command":["work"],"id":1,"state":"succeeded","why":"","output":"done"}`},
				{"GET", "/jobs/2", "", 200, `{"command":["hang"],"seconds":1000,"id":2,"state":"runs","why":"attempt 1"}`},
				{"DELETE", "/jobs/2?why=enough", "", 200, `{"command":["hang"],"seconds":1000,"id":2,"state":"runs","why":"attempt 1"}`},
				{"GET", "/jobs/2?wait", "", 200, `{"command":["hang"],"seconds":1000,"id":2,"state":"cancelled","why":"enough"}`},
				{"DELETE", "/jobs/1", "", 200, `{"command":["work"],"id":1,"state":"succeeded","why":"","output":"done"}`},
				{"GET", "/jobs/3", "", 404, "no job 3"},
				{"GET", "/jobs/x", "", 404, "no job 0"},
				{"POST", "/jobs", `{"command": ["work"], "after": [3]}`, 404, "no job 3"},
				{"POST", "/jobs", `{"command": `, 400, "unexpected EOF"},
			} {
				status, answer, err := request(ctx, p, x.method, x.path, x.body)
				if err != nil || status != x.status || answer != x.answer {
					return fmt.Errorf("%s %s: %d %s %w", x.method, x.path, status, answer, err)
				}
			}
			return nil
		})
		return err
	})
}

// A client who hangs up while he waits for a job leaves it alone.
func TestHangUp(t *testing.T) {
	asynciotest.Run(t, func(ctx context.Context) error {
		p, err := schedule(ctx, several[:1], func(ctx context.Context, p *played) error {
			scope, hangUp := asyncio.WithTimeout(ctx, 100*time.Millisecond)
			defer hangUp()
			if _, _, err := request(scope, p, "GET", "/jobs/1?wait", ""); !errors.Is(err, asyncio.ErrTimeout) {
				return err
			}
			return nil
		})
		if err != nil {
			return err
		}
		return p.check("succeeded: ")
	})
}
