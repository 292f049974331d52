package main

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// profileTime is how long this library is profiled for: a hundred samples a
// second.
const profileTime = 2 * time.Second

// profiles returns, for each workload of ours that missed a goal in time, where
// the time goes.
func (r *run) profiles(ctx context.Context, verdicts []verdict, into string) map[string]string {
	found := map[string]string{}
	for _, v := range verdicts {
		name := v.about.name()
		if !v.measured || v.met || v.about.unit() == "bytes" || found[name] != "" {
			continue
		}
		fmt.Fprintf(r.log, "profiling %s\n", name)
		top, err := r.profile(ctx, v.about, filepath.Join(into, v.about.base+".pprof"))
		if err != nil {
			r.failures = append(r.failures, failure{pair{name, ours}, err})
			top = err.Error()
		}
		found[name] = top
	}
	return found
}

// profile has our worker do one workload under the profiler, in a process of its
// own, and returns what costs most.
func (r *run) profile(ctx context.Context, w workload, file string) (string, error) {
	for _, p := range r.peers {
		if p.name != ours {
			continue
		}
		w.fresh = true
		ops := float64(profileTime) / r.all[pair{w.name(), ours}].median()
		if _, err := r.ask(ctx, w, p, request{Workload: w.base, Size: w.size, Ops: int(ops), Profile: file}, 1); err != nil {
			return "", err
		}
		out, err := exec.CommandContext(ctx, "go", "tool", "pprof", "-top", "-nodecount=15", p.argv[0], file).Output()
		if err != nil {
			return "", fmt.Errorf("go tool pprof: %w", err)
		}
		return trimProfile(string(out)), nil
	}
	return "", fmt.Errorf("%s was not measured", ours)
}

// trimProfile leaves out the head of what pprof prints: files, identities and
// times, which belong to one machine and one run.
func trimProfile(out string) string {
	if at := strings.Index(out, "Showing nodes"); at >= 0 {
		out = out[at:]
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}
