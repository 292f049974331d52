package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asyncio-go/asyncio"
)

// spec is what somebody wants done.
type spec struct {
	Command []string `json:"command"`
	After   []int    `json:"after,omitempty"`   // jobs that have to succeed first
	Retries int      `json:"retries,omitempty"` // how often to try again
	Seconds float64  `json:"seconds,omitempty"` // for one attempt; 0 is ten
}

// job is a spec and what has become of it.
type job struct {
	spec
	ID     int    `json:"id"`
	State  string `json:"state"` // waits, runs, succeeded, failed, cancelled
	Why    string `json:"why"`
	Output string `json:"output,omitempty"`
	task   *asyncio.Task[asyncio.None]
}

// scheduler runs jobs, some at a time. Only loop tasks touch it and its jobs, one at a time:
// there is no lock.
type scheduler struct {
	group   *asyncio.TaskGroup
	places  *asyncio.Semaphore
	execute func(ctx context.Context, command []string) (output string, err error) // an await point
	jobs    []*job
}

var errNoJob = errors.New("no job")

func (s *scheduler) job(id int) (*job, error) {
	if id < 1 || id > len(s.jobs) {
		return nil, fmt.Errorf("%w %d", errNoJob, id)
	}
	return s.jobs[id-1], nil
}

// submit makes a task for a job and returns at once.
func (s *scheduler) submit(what spec) (*job, error) {
	if len(what.Command) == 0 {
		return nil, errors.New("no command")
	}
	var needs []*job
	for _, id := range what.After {
		need, err := s.job(id)
		if err != nil {
			return nil, err
		}
		needs = append(needs, need)
	}
	j := &job{spec: what, ID: len(s.jobs) + 1, State: "waits", Why: "to begin"}
	j.task = s.group.CreateTask(func(ctx context.Context) error {
		return s.run(ctx, j, needs)
	}, asyncio.WithName(fmt.Sprint("job ", j.ID)))
	// Not at the end of run, which is never called if the job is cancelled before it begins.
	j.task.OnDone(func() {
		err, why := j.task.Err(), (*asyncio.CancelledError)(nil)
		switch {
		case err == nil:
			j.State, j.Why = "succeeded", ""
		case j.task.Cancelled() && errors.As(err, &why):
			j.State, j.Why = "cancelled", why.Message
		default:
			j.State, j.Why = "failed", err.Error()
		}
	})
	s.jobs = append(s.jobs, j)
	return j, nil
}

// run waits for what the job needs, then tries until it succeeds.
func (s *scheduler) run(ctx context.Context, j *job, needs []*job) error {
	for _, need := range needs {
		j.Why = fmt.Sprint("for job ", need.ID)
		if err := need.wait(ctx); err != nil {
			return err
		}
		if err := need.task.Err(); err != nil {
			return fmt.Errorf("job %d: %v", need.ID, err) //nolint:errorlint // with %w, this one would be cancelled too
		}
	}
	for attempt := 1; ; attempt++ {
		j.State, j.Why = "waits", "for a place"
		err := s.places.With(ctx, func() error {
			j.State, j.Why = "runs", fmt.Sprint("attempt ", attempt)
			return s.attempt(ctx, j)
		})
		if err == nil || errors.Is(err, asyncio.ErrCancelled) || attempt > j.Retries {
			return err
		}
		pause := time.Second << min(attempt-1, 6)
		j.State, j.Why = "waits", fmt.Sprintf("%v after attempt %d: %v", pause, attempt, err)
		if err := asyncio.Sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// wait waits until the job is done. task.Await would cancel the job with the caller.
func (j *job) wait(ctx context.Context) error {
	_, _, err := asyncio.Wait(ctx, []*asyncio.Task[asyncio.None]{j.task}, asyncio.WaitOptions{})
	return err
}

func (s *scheduler) attempt(ctx context.Context, j *job) error {
	limit := 10 * time.Second
	if j.Seconds > 0 {
		limit = time.Duration(j.Seconds * float64(time.Second))
	}
	return asyncio.Timeout(ctx, limit, func(ctx context.Context) (err error) {
		j.Output, err = s.execute(ctx, j.Command)
		return err
	})
}
