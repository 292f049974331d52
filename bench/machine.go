package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// module is the line that a directory must have in its go.mod to be the bench's.
const module = "module github.com/asyncio-go/asyncio/bench"

// sourceDir returns the directory of the bench's source, where the other peers
// are and where the results go.
func sourceDir() (string, error) {
	for _, dir := range []string{".", "bench"} {
		mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if first, _, _ := bytes.Cut(mod, []byte("\n")); err == nil && string(bytes.TrimSpace(first)) == module {
			return filepath.Abs(dir)
		}
	}
	return "", errors.New("this is not the bench's directory: from the root of the repository, run `go run -C bench .`")
}

// buildWorker builds the program of the Go peers.
func buildWorker(ctx context.Context, dir, into string) (string, error) {
	worker := filepath.Join(into, "worker")
	cmd := exec.CommandContext(ctx, "go", "build", "-o", worker, "./cmd/worker")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build ./cmd/worker: %w\n%s", err, out)
	}
	return worker, nil
}

// A machine is what the measurements were made on, and when, and of what.
type machine struct {
	cpu, system, golang, commit, date string
}

func thisMachine(dir string) machine {
	return machine{
		cpu:    fmt.Sprintf("%s, %d cores", cpuModel(), runtime.NumCPU()),
		system: system(),
		golang: runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH,
		commit: commit(dir),
		date:   time.Now().UTC().Format("2006-01-02"),
	}
}

// field returns what follows the first "name" and separator in a file of the
// system, or "" if the system has no such file.
func field(file, name, separator string) string {
	raw, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(raw)) {
		if k, v, ok := strings.Cut(line, separator); ok && strings.TrimSpace(k) == name {
			return strings.Trim(strings.TrimSpace(v), `"`)
		}
	}
	return ""
}

func cpuModel() string {
	if model := field("/proc/cpuinfo", "model name", ":"); model != "" {
		return model
	}
	return "a CPU of unknown model"
}

func system() string {
	s := runtime.GOOS
	if name := field("/etc/os-release", "PRETTY_NAME", "="); name != "" {
		s = name
	}
	if kernel, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		s += ", kernel " + strings.TrimSpace(string(kernel))
	}
	return s
}

// commit tells which state of the repository was measured. The results
// themselves do not count as a change of it.
func commit(dir string) string {
	git := func(args ...string) (string, error) {
		out, err := exec.Command("git", append([]string{"-C", dir}, args...)...).Output()
		return strings.TrimSpace(string(out)), err
	}
	id, err := git("rev-parse", "--short=12", "HEAD")
	if err != nil {
		return "unknown"
	}
	if changes, err := git("status", "--porcelain", "--", ":/", ":!RESULTS.md", ":!plots"); err != nil || changes != "" {
		id += " with changes"
	}
	return id
}
