package scenario_test

import (
	"strings"
	"testing"

	"github.com/asyncio-go/asyncio/conformance/scenario"
)

// What a story says is the program that JSON has for it.
func TestStoryIsAProgram(t *testing.T) {
	stories, err := scenario.ParseStories("# Of everything.\n\n" + everything)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(stories.All[0].JSON); got != program {
		t.Errorf("%s, want\n%s", got, program)
	}
	if got := stories.String(); got != "# Of everything.\n\n"+everything {
		t.Errorf("comes back as\n%s", got)
	}
	want := []string{"0 main start", "0 main log a", "10 b end"}
	if got := stories.All[0].Trace; strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("trace %q, want %q", got, want)
	}
}

const everything = `=== all kinds of fields
# A comment.
queue q max=2
semaphore s 1

def worker
  # Another.
  try
    sleep 1
  catch cancelled
    reraise
  finally
    log "a b"
  with s

create a worker eager
create b
  return x
gather a,b return_exceptions
gather -
create c
task_factory eager=false
---
0  main  start; log a
10 b     end
`

const program = `{"coroutines":{"worker":[{"catch":"cancelled","do":[{"for":1,"op":"sleep"}],"finally":[{"op":"log","text":"a b"}],"op":"try","then":[{"op":"reraise"}]},{"do":[],"lock":"s","op":"with"}]},"main":[{"coroutine":"worker","eager":true,"op":"create","task":"a"},{"do":[{"op":"return","value":"x"}],"op":"create","task":"b"},{"all":["a","b"],"op":"gather","return_exceptions":true},{"all":[],"op":"gather"},{"do":[],"op":"create","task":"c"},{"eager":false,"op":"task_factory"}],"objects":{"q":{"kind":"queue","max":2},"s":{"kind":"semaphore","value":1}}}`

// What is wrong is said with its line.
func TestStoryErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"=== a\nshout", `2: there is no operation "shout"`},
		{"=== a\n\n sleep 1", "3: is indented"},
		{"=== a\nsleep one", `2: for: "one" is no number`},
		{"=== a\nsleep 1 2", `2: no field is left for "2"`},
		{"=== a\nsleep x=1", `2: no field "x"`},
		{"=== a\nlog \"a", "2: bad quotes at \"a"},
		{"=== a\ndef f\n    sleep 1\n  sleep 1", "4: is indented otherwise than what it follows"},
		{"=== a\n\n=== a", `3: a second "a"`},
		{"# b\n=== a\nsleep", `2: a: main[0]: for is missing`},
	} {
		if _, err := scenario.ParseStories(c.text); err == nil || err.Error() != c.want {
			t.Errorf("%q: %v, want %s", c.text, err, c.want)
		}
	}
}
