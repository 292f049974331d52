package account

import (
	"flag"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the output of the commands into docs/testing.md")

const guide = "../../docs/testing.md"

var (
	console  = regexp.MustCompile("(?s)```console\n\\$ ([^\n]*)\n(.*?)```")
	duration = regexp.MustCompile(`[0-9]+\.[0-9]+s`)
	replay   = regexp.MustCompile(`-asyncio\.replay=\S+`)
)

// The guide's output is that of its commands.
func TestGuide(t *testing.T) {
	before, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	line := "" // to replay
	after := console.ReplaceAllStringFunc(string(before), func(block string) string {
		command := console.FindStringSubmatch(block)[1]
		if line != "" {
			command = replay.ReplaceAllString(command, line)
		}
		cmd := exec.CommandContext(t.Context(), "go", strings.Fields(command)[1:]...)
		cmd.Args = append(cmd.Args[:2:2], append([]string{"-count=1"}, cmd.Args[2:]...)...)
		cmd.Dir = "../.."
		out, err := cmd.CombinedOutput() // it is to fail where a bug is found
		if cmd.ProcessState == nil {
			t.Fatal(err)
		}
		text := duration.ReplaceAllString(string(out), "0.00s")
		if line == "" {
			line = replay.FindString(text)
		}
		return "```console\n$ " + command + "\n" + text + "```"
	})
	switch {
	case after == string(before):
	case *update:
		if err := os.WriteFile(guide, []byte(after), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("the commands give another output; run this test with -update.\n%s", after)
	}
}
