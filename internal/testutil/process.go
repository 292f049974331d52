package testutil

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// InProcess runs a test in a process of its own, and reports whether the caller is that.
func InProcess(t *testing.T) bool {
	t.Helper()
	const name = "ASYNCIO_TEST_PROCESS"
	if os.Getenv(name) == t.Name() {
		return true
	}
	t.Parallel()
	c := exec.CommandContext(t.Context(), os.Args[0], "-test.v", "-test.run=^"+t.Name()+"$")
	c.Env = append(os.Environ(), name+"="+t.Name())
	if out, err := c.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("%v\n%s", err, out)
	}
	return false
}
