package soak

// allStorms is what is covered.
var allStorms = []storm{
	{"cancels", "requests from loops, Go tasks and goroutines to chains and gathers, refusals, clean-ups that wait", cancels},
	{"closing", "a loop closed under awaits of tasks, Go tasks, goroutines and other loops", closing},
	{"bursts", "thousands of tasks and Go tasks at once, created from everywhere", bursts},
	{"panics", "in tasks, Go tasks, callbacks, groups, and in the exception handler", panics},
	{"goexits", "runtime.Goexit in tasks, callbacks, Go tasks and group bodies", goexits},
	{"failures", "errors dropped, kept, awaited, asked for late and never, of tasks and futures", failures},
	{"timeouts", "deadlines, nested, moved, met and missed, with requests in between", timeouts},
	{"groups", "nested, with limits, failing, cancelled and shut down from outside", groups},
	{"locks", "locks, semaphores, conditions, barriers and events shared by loops and goroutines", locks},
	{"queues", "of all kinds, shared by loops and goroutines, with requests and shutdown", queues},
	{"threads", "functions on goroutines that ignore their ctx, with deadlines and requests", threads},
	{"crossing", "several loops that await each other's tasks and futures", crossing},
	{"eager", "tasks that start at once, from everywhere", eager},
	{"callbacks", "done callbacks, added and removed from everywhere", callbacks},
	{"onlookers", "debug mode on and off, watchdogs, lists, stacks and texts from outside", onlookers},
	{"endings", "Run that ends over tasks which listen, refuse and ignore, with grace and drain", endings},
	{"scopes", "trees of contexts that end from everywhere, with tasks and awaits inside", scopes},
	{"virtual", "programs on virtual clocks, each twice, which must do the same", virtual},
	{"runners", "several runs on one loop, stopped, contended, over and over", runners},
	{"services", "loops in the background, called by requests that end, and shut down meanwhile", services},
	{"collector", "collections, and what only they find", collector},
	{"strangers", "goroutines that wait with contexts of the standard library", strangers},
}
