// Package examples runs the examples as their users do. What they do is tested beside each.
package examples

import (
	"bytes"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the output of the commands into README.md")

// Each example ends by itself, and by Ctrl-C at any moment, with nothing to say about that but
// the one line.
func TestEachEnds(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no SIGINT that a program could send")
	}
	dir := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-o", dir+"/", "./crawler", "./chat", "./jobs", "./agents", "./service")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for command, byInterrupt := range map[string]int{
		"crawler": 130, "crawler -plain": 130, "chat": 130, "chat -plain": 130, "jobs": 130, "agents": 130,
		"service": 0, // which ends as services do
	} {
		for _, after := range []time.Duration{0, 300 * time.Millisecond, 1100 * time.Millisecond, time.Hour} {
			t.Run(command+" "+after.String(), func(t *testing.T) {
				t.Parallel()
				end(t, filepath.Join(dir, command), after, byInterrupt)
			})
		}
	}
}

// end runs a command, interrupts it some time after its first word, and checks how it ends.
func end(t *testing.T, command string, after time.Duration, byInterrupt int) {
	words := strings.Fields(command)
	c := exec.CommandContext(t.Context(), words[0], words[1:]...)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	first := make([]byte, 1)
	if _, err := io.ReadFull(out, first); err != nil {
		t.Errorf("it says nothing: %v", err)
	}
	interrupt := time.AfterFunc(after, func() { _ = c.Process.Signal(syscall.SIGINT) })
	rest, err := io.ReadAll(out)
	if err != nil {
		t.Error(err)
	}
	_ = c.Wait() // it is looked at below
	wantStatus, wantErr := 0, ""
	if !interrupt.Stop() && byInterrupt != 0 && c.ProcessState.ExitCode() != 0 {
		wantStatus, wantErr = byInterrupt, "asyncio: ended by interrupt\n"
	}
	if status := c.ProcessState.ExitCode(); status != wantStatus || stderr.String() != wantErr {
		t.Errorf("exit status %d\n%s%s%s", status, first, rest, &stderr)
	}
}

var console = regexp.MustCompile("(?s)```console\n\\$ ([^\n]*)\n(.*?)```")

// What README.md says of commands is what they print.
func TestReadme(t *testing.T) {
	before, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	after := console.ReplaceAllStringFunc(string(before), func(block string) string {
		command := console.FindStringSubmatch(block)[1]
		c := exec.CommandContext(t.Context(), "sh", "-c", command)
		c.Dir = ".."
		out, err := c.Output()
		if err != nil {
			t.Fatal(command, err)
		}
		return "```console\n$ " + command + "\n" + string(out) + "```"
	})
	if after == string(before) {
		return
	}
	if !*update {
		t.Error("the commands print something else: run this test with -update")
	} else if err := os.WriteFile("README.md", []byte(after), 0o644); err != nil {
		t.Fatal(err)
	}
}
