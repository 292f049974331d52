package soak

import (
	"bytes"
	"fmt"
	"os"
	"runtime/pprof"
	"time"

	"github.com/asyncio-go/asyncio"
)

// patience is how long a step of a strike may take.
const patience = time.Minute

// watch ends the process with a dump when a strike does not come on.
func (k *soak) watch(stop chan struct{}) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
		}
		for _, w := range k.workers {
			if s := w.now.Load(); s != nil && time.Since(k.began)-time.Duration(s.stepped.Load()) > patience {
				k.hangs(s)
			}
		}
	}
}

func (k *soak) hangs(culprit *strike) {
	k.say("HANG: storm %s, seed %d: %s, for %v now; seed %d",
		culprit.storm, culprit.seed, *culprit.stepName.Load(), patience, k.seed)
	for i, w := range k.workers {
		if s := w.now.Load(); s != nil {
			k.say("worker %d: storm %s, seed %d: %s", i, s.storm, s.seed, *s.stepName.Load())
			if s.mu.TryLock() {
				for j, l := range s.loops {
					k.dump(fmt.Sprintf("its loop %d", j), l)
				}
				s.mu.Unlock()
			}
		}
	}
	for i, r := range k.residents {
		if r != nil {
			k.dump(fmt.Sprintf("resident loop %d", i), r.loop)
		}
	}
	fmt.Println(goroutines(2))
	fmt.Println("FAIL: hang")
	os.Exit(1)
}

// dump prints who is on a loop, unless that does not answer.
func (k *soak) dump(what string, l *asyncio.Loop) {
	said := make(chan struct{})
	go func() {
		defer close(said)
		tasks := asyncio.AllTasks(l)
		k.say("%s: running=%v closed=%v, %d tasks", what, l.IsRunning(), l.IsClosed(), len(tasks))
		for i, t := range tasks {
			if i == 20 {
				k.say("  and more")
				break
			}
			k.say("  %v", t)
			for _, f := range t.Stack() {
				k.say("      %s %s:%d", f.Function, f.File, f.Line)
			}
		}
	}()
	select {
	case <-said:
	case <-time.After(5 * time.Second):
		k.say("%s does not answer", what)
	}
}

// goroutines returns the stacks of all.
func goroutines(debug int) string {
	var b bytes.Buffer
	_ = pprof.Lookup("goroutine").WriteTo(&b, debug)
	const most = 1 << 20
	if b.Len() > most {
		b.Truncate(most)
	}
	return b.String()
}
