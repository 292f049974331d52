package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/asyncio-go/asyncio"
)

// api serves a scheduler over HTTP:
//
//	POST   /jobs             a spec in JSON; answers with the job
//	GET    /jobs             all jobs
//	GET    /jobs/ID          one job; with ?wait when it is done
//	DELETE /jobs/ID?why=WHY  cancels it
func (s *scheduler) api(loop *asyncio.Loop) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /jobs", func(w http.ResponseWriter, r *http.Request) {
		var what spec
		if err := json.NewDecoder(r.Body).Decode(&what); err != nil { // here and not on the loop: it blocks
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		reply(w, r, loop, func(context.Context) (any, error) { return s.submit(what) })
	})
	mux.HandleFunc("GET /jobs", func(w http.ResponseWriter, r *http.Request) {
		reply(w, r, loop, func(context.Context) (any, error) { return s.jobs, nil })
	})
	byID := func(pattern string, f func(ctx context.Context, r *http.Request, j *job) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			id, _ := strconv.Atoi(r.PathValue("id"))
			reply(w, r, loop, func(ctx context.Context) (any, error) {
				j, err := s.job(id)
				if err != nil {
					return nil, err
				}
				return j, f(ctx, r, j)
			})
		})
	}
	byID("GET /jobs/{id}", func(ctx context.Context, r *http.Request, j *job) error {
		if !r.URL.Query().Has("wait") {
			return nil
		}
		return j.wait(ctx)
	})
	byID("DELETE /jobs/{id}", func(_ context.Context, r *http.Request, j *job) error {
		j.task.Cancel(r.URL.Query().Get("why"))
		return nil
	})
	return mux
}

// reply has f called on the loop, where the scheduler is, and answers with what it returns.
// The handler's goroutine waits, until the client hangs up.
func reply(w http.ResponseWriter, r *http.Request, loop *asyncio.Loop, f func(ctx context.Context) (any, error)) {
	ctx := asyncio.WithLoop(r.Context(), loop)
	body, err := asyncio.CreateTask(ctx, func(ctx context.Context) ([]byte, error) {
		v, err := f(ctx)
		if err != nil {
			return nil, err
		}
		return json.Marshal(v) // there too: jobs go on
	}).Await(ctx)
	switch {
	case errors.Is(err, errNoJob):
		http.Error(w, err.Error(), http.StatusNotFound)
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadRequest)
	default:
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(append(body, '\n')) // to a client who may have gone
	}
}
