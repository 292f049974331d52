package main

import "strconv"

// A workload is something to do, at one size, that every peer does in its own
// terms. Which peer does which is for the peers to say.
type workload struct {
	base  string // its name in the protocol, and in the source of each peer
	size  int    // 0 where it has none
	title string
	op    string // what one operation is
	chart string // the chart it stands in

	value  string // which of the answer's values is compared; "" is ns per operation
	ops    int    // so many operations are asked for; 0: so many as take targetTime
	rounds int    // no more rounds than this; 0: as many as there are
	fresh  bool   // a process of its own for each measurement
}

// large is the size from which a workload has fresh processes, and is not
// calibrated: what it leaves in memory would be in the way of others.
const large = 100_000

// startup is the one workload that the harness measures itself.
const startup = "startup"

// scaling is the workload whose cost per operation is followed from size to size.
const scaling = "spawn_gather"

// name tells the workload and its size.
func (w workload) name() string {
	if w.size == 0 {
		return w.base
	}
	return w.base + "/" + strconv.Itoa(w.size)
}

// unit is what is counted: less of it is better.
func (w workload) unit() string {
	if w.value == "bytes" {
		return "bytes"
	}
	return "ns"
}

// workloads returns every workload at every size, in the order of the report.
func workloads() []workload {
	const (
		tasks   = "tasks"
		talk    = "switching"
		timers  = "timers"
		threads = "threads"
		whole   = "programs"
		memory  = "memory"
	)
	families := []struct {
		workload
		sizes []int
	}{
		{workload{base: "spawn_await", chart: tasks, title: "A task made and awaited",
			op: "one task, awaited before the next is made"}, nil},
		{workload{base: "spawn_await_heap", chart: tasks, title: "A task made and awaited, in a Go program that holds 64 MB",
			op: "one task, awaited before the next is made; without the 64 MB garbage is collected every 4 MB"}, nil},
		{workload{base: "spawn_gather", chart: tasks, title: "Tasks made, then gathered",
			op: "one task"}, []int{100, 1000, 10_000, 100_000, 1_000_000}},
		{workload{base: "group", chart: tasks, title: "A task group",
			op: "one group of that many tasks, entered and left"}, []int{10}},
		{workload{base: "callbacks", chart: tasks, title: "Done callbacks",
			op: "one callback, of the ten on something that completes"}, nil},
		{workload{base: "switch", chart: talk, title: "Tasks that yield to each other",
			op: "one yield of one of that many tasks"}, []int{2, 1000, 100_000}},
		{workload{base: "queue", chart: talk, title: "A queue with room for so many items",
			op: "one item from one producer to one consumer"}, []int{1, 1000}},
		{workload{base: "queue_unbuffered", chart: talk, title: "An unbuffered channel",
			op: "one item from one producer to one consumer"}, nil},
		{workload{base: "fan_in", chart: talk, title: "A hundred producers, one consumer",
			op: "one item through a queue with room for 100"}, nil},
		{workload{base: "fan_out", chart: talk, title: "One producer, a hundred consumers",
			op: "one item through a queue with room for 100"}, nil},
		{workload{base: "lock", chart: talk, title: "A lock that two tasks take by turns",
			op: "one acquisition, with a yield while the lock is held"}, nil},
		{workload{base: "sleep_cancel", chart: timers, title: "A sleeping task cancelled",
			op: "one task made, put to sleep for an hour, cancelled and awaited"}, nil},
		{workload{base: "timeout", chart: timers, title: "A timeout with nothing inside",
			op: "one scope of an hour entered and left"}, nil},
		{workload{base: "with_timeout", chart: timers, title: "A context with a timeout",
			op: "one context of an hour made and cancelled"}, nil},
		{workload{base: "timers", chart: timers, title: "Timers that fire",
			op: "one timer, of that many at random times within 10 ms"}, []int{1_000_000}},
		{workload{base: "timers_cancel", chart: timers, title: "Timers that are cancelled",
			op: "one timer set and, in random order, cancelled"}, []int{1_000_000}},
		{workload{base: "go_batch", chart: threads, title: "Work for threads",
			op: "one function run off the loop, of that many, all awaited"}, []int{1000}},
		{workload{base: "post", chart: threads, title: "Calls into the loop from so many threads",
			op: "one call"}, []int{1, 4, 16}},
		{workload{base: "wake", chart: threads, title: "Waking a loop that sleeps",
			op: "one wake-up; the median latency is compared", value: "p50", ops: 300}, nil},
		{workload{base: "loops", chart: threads, title: "As many loops as cores",
			op: "one task made and awaited, of all loops together"}, nil},
		{workload{base: "run", chart: whole, title: "A run of an empty program",
			op: "one loop made, run and taken down"}, nil},
		{workload{base: startup, chart: whole, title: "From the start of the process to the first task's hello",
			op: "one process", ops: 3}, nil},
		{workload{base: "connections", chart: whole, title: "Simulated connections, some of them cancelled",
			op: "one connection: five requests to shared handlers, each under a timeout"}, []int{10_000}},
		{workload{base: "http", chart: whole, title: "An HTTP server on loopback, sixteen clients",
			op: "one request"}, nil},
		{workload{base: "mem_suspended", chart: memory, title: "Memory of a sleeping task",
			op: "one task", value: "bytes", rounds: memoryRounds}, []int{100_000}},
		{workload{base: "mem_finished", chart: memory, title: "Memory of a finished task",
			op: "one task", value: "bytes", rounds: memoryRounds}, []int{100_000}},
		{workload{base: "mem_timer", chart: memory, title: "Memory of a timer",
			op: "one timer set an hour ahead", value: "bytes", rounds: memoryRounds}, []int{100_000}},
	}
	var all []workload
	for _, f := range families {
		if f.sizes == nil {
			all = append(all, f.workload)
		}
		for _, size := range f.sizes {
			w := f.workload
			w.size = size
			w.fresh = size >= large || w.base == scaling // whose sizes are compared with each other
			all = append(all, w)
		}
	}
	return all
}
