package conformance_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// What the differential tester has found, and programs for faults that random ones come
// to too seldom: each is the smallest, with CPython's trace.
func TestRegressions(t *testing.T) {
	for _, r := range []struct{ name, program, trace string }{
		{
			// The gather's own cancellation was reported as never retrieved, and the task's error was not.
			"a gather that a circle breaks off in the turn in which it ends",
			`{"objects": {"fut1": {"kind": "future"}}, "main": [
				{"op": "create", "task": "t2", "do": [{"op": "wait_for", "of": "main"}]},
				{"op": "group", "group": "g1", "do": [{"op": "create", "group": "g1", "task": "t3", "do": [{"op": "gather", "all": ["t2", "fut1"]}, {"op": "create", "task": "t9", "do": []}]}, {"op": "group", "group": "g10", "do": [{"op": "create", "group": "g10", "task": "t19", "do": [{"op": "gather", "all": ["t9"]}]}]}]}]}`,
			`0 main start
			0 main create t2
			0 main group g1 in
			0 main create t3 g1
			0 main group g10 in
			0 main create t19 g10
			0 t2 start
			0 t3 start
			0 t19 start
			0 t19 gather t9 ! unbound
			0 t19 end ! unbound
			0 main group g10 ! group(unbound)
			0 t3 gather t2,fut1 ! deadlock
			0 t3 end ! deadlock
			0 main group g1 ! group(deadlock, group(unbound))
			0 main end ! group(deadlock, group(unbound))
			0 t2 wait_for main ! group(deadlock, group(unbound))
			0 t2 end ! group(deadlock, group(unbound))
			0 - run ! group(deadlock, group(unbound))
			0 - never retrieved t2: group(deadlock, group(unbound))`,
		},
		{
			// t2, which ran on the stack of t6, was given the end of t6's wait.
			"a task of a group awaits one that has not begun, and that waits for the group's parent",
			`{"main": [
				{"op": "create", "task": "t1", "do": [{"op": "create", "task": "t2", "do": [{"op": "await", "of": "main"}]}]},
				{"op": "group", "group": "g2", "do": [
					{"op": "create", "group": "g2", "task": "t6", "do": [{"op": "await", "of": "t2"}]},
					{"op": "await", "of": "t1"}]}]}`,
			`0 main start
			0 main create t1
			0 main group g2 in
			0 main create t6 g2
			0 t1 start
			0 t1 create t2
			0 t1 end = none
			0 t6 start
			0 t2 start
			0 main await t1 = none
			0 t6 await t2 ! deadlock
			0 t6 end ! deadlock
			0 main group g2 ! group(deadlock)
			0 main end ! group(deadlock)
			0 t2 await main ! group(deadlock)
			0 t2 end ! group(deadlock)
			0 - run ! group(deadlock)
			0 - never retrieved t2: group(deadlock)`,
		},
		{
			// With returned the error of its body alone.
			"with a lock that was released meanwhile",
			`{"objects": {"l": {"kind": "lock"}}, "main": [
				{"op": "with", "lock": "l", "do": [{"op": "release", "lock": "l"}, {"op": "fail", "error": "x"}]}]}`,
			`0 main start
			0 main with l in
			0 main release l
			0 main with l ! misuse
			0 main end ! misuse
			0 - run ! misuse`,
		},
		{
			// Such a task was left pending, and reported as destroyed.
			"a task that comes up in the last turn of the run",
			`{"objects": {"f": {"kind": "future"}}, "main": [
				{"op": "create", "task": "a", "do": [
					{"op": "call_soon", "handle": "h", "do": [
						{"op": "call_soon", "handle": "i", "do": [
							{"op": "add_callback", "callback": "c", "of": "main", "do": [
								{"op": "create", "task": "b", "do": [{"op": "await", "of": "f"}]}]}]}]}]}]}`,
			`0 main start
			0 main create a
			0 main end = none
			0 a start
			0 a call_soon h
			0 a end = none
			0 - run = none
			0 - call_soon i
			0 - add_callback main c
			0 - create b
			0 b start
			0 b await f ! cancelled
			0 b end ! cancelled`,
		},
		{
			// Its error was told to nobody and not reported.
			"a shield that has not told of the error when its caller is cancelled",
			`{"main": [
				{"op": "create", "task": "n", "do": []},
				{"op": "create", "task": "a", "do": [{"op": "sleep", "for": 0}, {"op": "fail", "error": "x"}]},
				{"op": "create", "task": "b", "do": [{"op": "shield", "of": "a"}]},
				{"op": "await", "of": "n"}]}`,
			`0 main start
			0 main create n
			0 main create a
			0 main create b
			0 n start
			0 n end = none
			0 a start
			0 b start
			0 main await n = none
			0 main end = none
			0 a sleep 0
			0 a end ! error x
			0 - run = none
			0 b shield a ! cancelled
			0 b end ! cancelled
			0 - never retrieved a: error x`,
		},
		{
			// The second request took the place of the first.
			"a gather that is cancelled, and its caller once more before it runs",
			`{"objects": {"f": {"kind": "future"}}, "main": [
				{"op": "create", "task": "a", "do": [{"op": "gather", "all": ["main"]}]},
				{"op": "create", "task": "b", "do": [{"op": "cancel", "of": "a", "message": "first"}]},
				{"op": "await", "of": "f"}]}`,
			`0 main start
			0 main create a
			0 main create b
			0 a start
			0 b start
			0 b cancel a first = true
			0 b end = none
			0 main await f ! cancelled first
			0 main end ! cancelled first
			0 - run ! cancelled first
			0 a gather main ! cancelled first
			0 a end ! cancelled first`,
		},
		{
			// The error was told to nobody and not reported.
			"a wait for the first exception that is cancelled as there is one",
			`{"objects": {"f": {"kind": "future"}, "k": {"kind": "future"}}, "main": [
				{"op": "create", "task": "w", "do": [{"op": "wait", "all": ["f", "k"], "return_when": "first_exception"}]},
				{"op": "sleep", "for": 0},
				{"op": "cancel", "of": "w"},
				{"op": "set_exception", "future": "f", "error": "x"},
				{"op": "sleep", "for": 1}]}`,
			`0 main start
			0 main create w
			0 w start
			0 main sleep 0
			0 main cancel w = true
			0 main set_exception f x
			0 w wait f,k first_exception ! cancelled
			0 w end ! cancelled
			1 main sleep 1
			1 main end = none
			1 - run = none
			1 - never retrieved future: error x`,
		},
		{
			// The group heard of the end first, and took no more.
			"a callback that an eager task of a group adds to itself",
			`{"main": [
				{"op": "group", "group": "g", "do": [
					{"op": "create", "task": "a", "eager": true, "group": "g", "do": [
						{"op": "add_callback", "of": "self", "callback": "c", "do": [
							{"op": "create", "task": "b", "group": "g", "do": []}]}]}]}]}`,
			`0 main start
			0 main group g in
			0 a start
			0 a add_callback self c
			0 a end = none
			0 main create a g true
			0 - create b g
			0 b start
			0 b end = none
			0 main group g out
			0 main end = none
			0 - run = none`,
		},
		{
			"a group that is being cancelled does not cancel its parent for a failure",
			`{"main": [
				{"op": "create", "task": "a", "do": [{"op": "group", "group": "g", "do": [
					{"op": "create", "task": "b", "group": "g", "do": [
						{"op": "try", "do": [{"op": "sleep", "for": 9}], "catch": "cancelled", "then": [{"op": "fail", "error": "x"}]}]},
					{"op": "create", "task": "c", "group": "g", "do": [
						{"op": "try", "do": [{"op": "sleep", "for": 9}], "finally": [
							{"op": "sleep", "for": 1}, {"op": "cancelling", "task": "a"}]}]}]}]},
				{"op": "sleep", "for": 1},
				{"op": "cancel", "of": "a"},
				{"op": "wait", "all": ["a"]},
				{"op": "exception", "of": "a"}]}`,
			`0 main start
			0 main create a
			0 a start
			0 a group g in
			0 a create b g
			0 a create c g
			0 b start
			0 c start
			1 main sleep 1
			1 main cancel a = true
			1 b sleep 9 ! cancelled
			1 b end ! error x
			1 c sleep 9 ! cancelled
			2 c sleep 1
			2 c cancelling a = 1
			2 c end ! cancelled
			2 a group g ! group(error x)
			2 a end ! group(error x)
			2 main wait a = done a pending none
			2 main exception a = group(error x)
			2 main end = none
			2 - run = none`,
		},
		{
			"equal items of a priority queue come as they were put",
			`{"objects": {"q": {"kind": "priority_queue"}}, "main": [
				{"op": "put_nowait", "queue": "q", "item": "a"},
				{"op": "put_nowait", "queue": "q", "item": "b"},
				{"op": "get_nowait", "queue": "q"},
				{"op": "get_nowait", "queue": "q"}]}`,
			`0 main start
			0 main put_nowait q a
			0 main put_nowait q b
			0 main get_nowait q = a
			0 main get_nowait q = b
			0 main end = none
			0 - run = none`,
		},
		{
			// A wait that had given up looked on, if others watched the future too.
			"a wait that is over does not see an error that comes later",
			`{"objects": {"f": {"kind": "future"}, "k": {"kind": "future"}}, "main": [
				{"op": "add_callback", "of": "f", "callback": "c", "do": []},
				{"op": "wait", "all": ["k", "f"], "return_when": "first_exception", "timeout": 0},
				{"op": "set_exception", "future": "f", "error": "x"},
				{"op": "sleep", "for": 1}]}`,
			`0 main start
			0 main add_callback f c
			0 main wait k,f 0 first_exception = done none pending k,f
			0 main set_exception f x
			1 main sleep 1
			1 main end = none
			1 - run = none
			1 - never retrieved future: error x`,
		},
		{
			// It had the message of the first request ever, which was taken back.
			"a cancellation that a group delivers again, after another that was taken back",
			`{"main": [
				{"op": "create", "task": "a", "do": [
					{"op": "try", "do": [{"op": "sleep", "for": 9}], "catch": "cancelled", "then": [
						{"op": "uncancel", "task": "self"}]},
					{"op": "try", "catch": "error", "do": [{"op": "group", "group": "g", "do": [
						{"op": "create", "task": "b", "group": "g", "do": [
							{"op": "try", "do": [{"op": "sleep", "for": 9}], "catch": "any", "then": [
								{"op": "fail", "error": "x"}]}]},
						{"op": "sleep", "for": 9}]}]},
					{"op": "sleep", "for": 0}]},
				{"op": "sleep", "for": 1},
				{"op": "cancel", "of": "a", "message": "one"},
				{"op": "sleep", "for": 1},
				{"op": "cancel", "of": "a", "message": "two"},
				{"op": "wait", "all": ["a"]}]}`,
			`0 main start
			0 main create a
			0 a start
			1 main sleep 1
			1 main cancel a one = true
			1 a sleep 9 ! cancelled one
			1 a uncancel self = 0
			1 a group g in
			1 a create b g
			1 b start
			2 main sleep 1
			2 main cancel a two = true
			2 a sleep 9 ! cancelled two
			2 b sleep 9 ! cancelled
			2 b end ! error x
			2 a group g ! group(error x)
			2 a sleep 0 ! cancelled two
			2 a end ! cancelled two
			2 main wait a = done a pending none
			2 main end = none
			2 - run = none`,
		},
	} {
		t.Run(r.name, func(t *testing.T) {
			replay(t, json.RawMessage(r.program), strings.Split(strings.ReplaceAll(r.trace, "\t", ""), "\n"), plain)
		})
	}
}
