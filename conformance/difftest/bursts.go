package difftest

import "github.com/asyncio-go/asyncio/conformance/scenario"

// bursts are programs that do so much at once that what the library keeps for a while
// grows, and is given back: queues, timers, coroutines, who waits for a task. The last is one
// in which loop and lock end together.
var (
	burstObjects = map[string]scenario.Object{
		"l": {Kind: "lock"}, "c": {Kind: "condition", Lock: "l"}, "q": {Kind: "queue"}, "f": {Kind: "future"},
	}
	bursts = [][]*op{
		{
			times(2, times(600, &op{Op: "create", Task: "t", Do: []*op{{Op: "sleep", For: number(1)}}})),
			{Op: "sleep", For: number(2)},
		},
		{
			times(17, times(1000, &op{Op: "call_soon", Handle: "h", Do: []*op{}})),
			{Op: "sleep", For: number(2)},
		},
		{
			times(5, times(1000, &op{Op: "call_later", Handle: "h", After: number(1), Do: []*op{}})),
			{Op: "sleep", For: number(2)},
		},
		{
			times(2, times(600, &op{Op: "put_nowait", Queue: "q", Item: new("i")})),
			{Op: "shutdown", Queue: "q", Immediate: true},
		},
		{
			times(2, times(600, &op{Op: "put_nowait", Queue: "q", Item: new("i")})),
			times(2, times(600, &op{Op: "get_nowait", Queue: "q"})),
		},
		{
			times(20, &op{Op: "create", Task: "t", Do: []*op{{Op: "await", Of: "main"}}}),
			{Op: "await", Of: "f"}, // until time is over, and Run leaves those who wait for main
		},
		{
			{Op: "create", Task: "t", Do: []*op{{Op: "group", Group: "g", Do: []*op{
				{Op: "create", Task: "u", Group: "g", Do: waitForever},
				waitForever[0], waitForever[1],
			}}}},
			{Op: "sleep", For: number(1)},
			{Op: "acquire", Lock: "l"},
		},
	}
	waitForever = []*op{{Op: "acquire", Lock: "c"}, {Op: "condition_wait", Condition: "c"}}
)

func times(n int, do ...*op) *op { return &op{Op: "repeat", Times: number(n), Do: do} }
