package soak

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asyncio-go/asyncio"
)

var (
	forHowLong  = flag.Duration("soak", usually(), "how long the soak is")
	seedFlag    = flag.Uint64("seed", 0, "repeats the choices; 0 is a new one")
	stormsFlag  = flag.String("storms", "", "the storms to run, separated by commas; all if empty")
	workersFlag = flag.Int("workers", 6, "how many strike at a time")
)

// usually is how long a soak is that nobody has said it of: longer in CI.
func usually() time.Duration {
	if os.Getenv("ASYNCIO_LONG") != "" {
		return 15 * time.Second
	}
	return 8 * time.Second
}

// TestSoak lets all storms rage at once: see the package documentation.
func TestSoak(t *testing.T) {
	k := newSoak(t)
	k.run(*forHowLong)
	k.summary()
	if n := k.faults.Load(); n > 0 {
		t.Errorf("%d faults, seed %d", n, k.seed)
	}
}

// storm is a kind of trouble.
type storm struct {
	name string
	// what it stirs up, for who reads the list.
	what string
	// strike makes trouble once, for a second at most, and returns when all that it has
	// begun is over.
	strike func(*strike)
}

// soak is one long test.
type soak struct {
	ledger
	t      *testing.T
	seed   uint64
	began  time.Time
	storms []storm
	over   atomic.Bool

	gate      sync.RWMutex // held by who strikes; a pause takes it for itself
	workers   []*worker
	residents []*resident
	pauses    []pause

	counts sync.Mutex
	done   map[string]int
	worst  map[string]time.Duration
}

// pause is what was measured while nobody struck.
type pause struct {
	at         time.Duration
	heap       uint64
	goroutines int
}

func newSoak(t *testing.T) *soak {
	k := &soak{t: t, seed: *seedFlag, began: time.Now(), done: map[string]int{}, worst: map[string]time.Duration{}}
	k.logged = map[string]int{}
	k.say = func(format string, args ...any) {
		fmt.Printf("%8s "+format+"\n", append([]any{time.Since(k.began).Round(time.Millisecond)}, args...)...)
	}
	if k.seed == 0 {
		k.seed = uint64(time.Now().UnixNano())
	}
	k.storms = allStorms
	if *stormsFlag != "" {
		k.storms = nil
		for name := range strings.SplitSeq(*stormsFlag, ",") {
			i := slices.IndexFunc(allStorms, func(s storm) bool { return s.name == name })
			if i < 0 {
				t.Fatalf("there is no storm %q", name)
			}
			k.storms = append(k.storms, allStorms[i])
		}
	}
	return k
}

func (k *soak) run(d time.Duration) {
	k.say("soak for %v, seed %d, %d storms, %d workers, %s", d, k.seed, len(k.storms), *workersFlag, runtime.Version())
	before := slog.Default()
	slog.SetDefault(slog.New(logHandler{k}))
	defer slog.SetDefault(before)

	for i := range 3 {
		k.residents = append(k.residents, k.newResident(i))
	}
	var working sync.WaitGroup
	for i := range *workersFlag {
		w := &worker{soak: k, dice: rand.New(rand.NewPCG(k.seed, uint64(i)))}
		k.workers = append(k.workers, w)
		working.Go(w.work)
	}
	stopWatching := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() { k.watch(stopWatching) })

	// A pause ends the idle coroutines of the residents, of each of which the race detector
	// keeps 5 KB for ever (go1.26): what is shown as rss grows by that.
	every := min(time.Minute, d/6)
	for next := every; next <= d && k.faults.Load() < 20; next += every {
		for now := time.Since(k.began); now < next; now = time.Since(k.began) {
			time.Sleep(min(10*time.Second, next-now))
			if time.Since(k.began) < next {
				k.progress("")
			}
		}
		k.pause(true)
	}
	k.over.Store(true)
	working.Wait()
	k.pause(false)
	close(stopWatching)
	watching.Wait()
	k.checkMemory()
}

// worker strikes again and again.
type worker struct {
	soak *soak
	dice *rand.Rand
	now  atomic.Pointer[strike]
}

func (w *worker) work() {
	// Each storm once in an order of its own, then at random.
	order := w.dice.Perm(len(w.soak.storms))
	for !w.soak.over.Load() {
		var next storm
		if len(order) > 0 {
			next, order = w.soak.storms[order[0]], order[1:]
		} else {
			next = w.soak.storms[w.dice.IntN(len(w.soak.storms))]
		}
		seed := w.dice.Uint64()
		w.soak.gate.RLock()
		w.strike(next, seed)
		w.soak.gate.RUnlock()
	}
}

func (w *worker) strike(st storm, seed uint64) {
	s := &strike{
		soak: w.soak, storm: st.name, seed: seed,
		dice:     rand.New(rand.NewPCG(seed, 1)),
		messages: map[string]bool{},
	}
	s.step("begins")
	w.now.Store(s)
	began := time.Now()
	done := make(chan struct{})
	go func() { // the storm's own, which may exit
		defer close(done)
		st.strike(s)
	}()
	<-done
	s.end()
	w.now.Store(nil)
	w.soak.counts.Lock()
	defer w.soak.counts.Unlock()
	w.soak.done[st.name]++
	w.soak.worst[st.name] = max(w.soak.worst[st.name], time.Since(began))
}

// resident is a loop that lives as long as the soak.
type resident struct {
	soak    *soak
	loop    *asyncio.Loop
	ended   chan struct{}
	stopped atomic.Bool
}

func (k *soak) newResident(i int) *resident {
	r := &resident{soak: k}
	opts := []asyncio.Option{asyncio.WithExceptionHandler(r.reported)}
	switch i {
	case 1:
		opts = append(opts, asyncio.WithMaxThreads(4))
	case 2:
		opts = append(opts, asyncio.WithWatchdog(10*time.Second))
	}
	r.loop = asyncio.NewLoop(opts...)
	r.start()
	return r
}

// reported is the exception handler. Strikes allow no reports without a wound on a
// loop that is not theirs.
func (r *resident) reported(_ *asyncio.Loop, c asyncio.ExceptionContext) {
	r.soak.reports.Add(1)
	ws, other := r.soak.woundsIn(c.Err)
	for _, w := range ws {
		r.soak.hear(w, c.Message)
	}
	if len(ws) == 0 || len(other) > 0 {
		r.soak.fault("reported on a resident loop, and nobody caused it: %q err=%v task=%v", c.Message, c.Err, c.Task)
	}
}

func (r *resident) start() {
	r.ended = make(chan struct{})
	r.stopped.Store(false)
	go func() {
		how := "exited"
		defer func() {
			if !r.stopped.Load() {
				r.soak.fault("RunForever of a resident loop has %s though nobody has stopped it", how)
			}
			close(r.ended)
		}()
		err := r.loop.RunForever()
		how = "returned"
		if err != nil {
			r.soak.fault("RunForever of a resident loop: %v", err)
		}
	}()
}

func (r *resident) stop() {
	r.stopped.Store(true)
	r.loop.Stop()
	<-r.ended
}

// pause waits for all strikes to end and sees that nothing is left.
func (k *soak) pause(goOn bool) {
	k.gate.Lock()
	defer k.gate.Unlock()
	for i, r := range k.residents {
		for _, t := range asyncio.AllTasks(r.loop) {
			k.fault("left on resident loop %d: %v %v", i, t, t.Stack())
		}
		r.stop()
	}
	if !goOn || k.odd() {
		for i, r := range k.residents {
			if err := r.loop.Close(); err != nil {
				k.fault("Close of resident loop %d: %v", i, err)
			}
			k.residents[i] = nil
		}
	}
	p := pause{at: time.Since(k.began)}
	p.goroutines = k.settle()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	p.heap = m.HeapAlloc
	k.pauses = append(k.pauses, p)
	k.progress(fmt.Sprintf("; nobody strikes: heap %d KB, stacks %d KB, %d goroutines", p.heap>>10, m.StackInuse>>10, p.goroutines))
	for i, r := range k.residents {
		switch {
		case !goOn:
		case r == nil:
			k.residents[i] = k.newResident(i)
		default:
			r.start()
		}
	}
}

// odd says at each third pause yes.
func (k *soak) odd() bool { return len(k.pauses)%3 == 2 }

// settle waits until no more goroutines are there than at the first pause, and returns
// how many.
func (k *soak) settle() int {
	limit := time.Now().Add(10 * time.Second)
	for range 3 {
		runtime.GC()
	}
	debug.FreeOSMemory()
	n := runtime.NumGoroutine()
	for want := n; time.Now().Before(limit); time.Sleep(time.Millisecond) {
		if len(k.pauses) > 0 {
			want = k.pauses[0].goroutines
			if k.over.Load() {
				want -= len(k.workers)
			}
		}
		if n = runtime.NumGoroutine(); n <= want {
			return n
		}
	}
	k.fault("%d goroutines, %d at the first pause:\n%s", n, k.pauses[0].goroutines, goroutines(1))
	return n
}

func (k *soak) progress(more string) {
	k.counts.Lock()
	strikes := 0
	for _, n := range k.done {
		strikes += n
	}
	k.counts.Unlock()
	k.say("%6d strikes, %d wounds: %d told, %d heard; %d reports; %d faults; %s%s",
		strikes, k.ids.Load(), k.toldWounds.Load(), k.heardWounds.Load(), k.reports.Load(), k.faults.Load(), rss(), more)
}

// rss is the memory that the system has given to the process, where it tells.
func rss() string {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return "rss unknown"
	}
	_, after, _ := strings.Cut(string(status), "VmRSS:")
	line, _, _ := strings.Cut(after, "\n")
	return "rss " + strings.TrimSpace(line)
}

// checkMemory compares the floor of the last third of the pauses with that of the
// second: the first is the time in which buffers find their size.
func (k *soak) checkMemory() {
	third := len(k.pauses) / 3
	if third == 0 {
		return
	}
	floor := func(ps []pause) uint64 {
		return slices.MinFunc(ps, func(a, b pause) int { return cmp.Compare(a.heap, b.heap) }).heap
	}
	was, is := floor(k.pauses[third:2*third]), floor(k.pauses[2*third:])
	k.say("floor of the heap: %d KB in the second third, %d KB in the last", was>>10, is>>10)
	if is > was+was/5+1<<20 {
		k.fault("memory grows: its floor was %d KB and is %d KB", was>>10, is>>10)
	}
}

func (k *soak) summary() {
	for _, st := range k.storms {
		k.say("  %-10s %6d strikes, the longest %v", st.name, k.done[st.name], k.worst[st.name].Round(time.Millisecond))
		if k.done[st.name] == 0 {
			k.fault("storm %s never struck", st.name)
		}
	}
	for _, words := range slices.Sorted(maps.Keys(k.logged)) {
		k.say("  logged %d times: %s", k.logged[words], words)
	}
}

// strike is one go of a storm.
type strike struct {
	soak  *soak
	storm string
	seed  uint64

	stepped  atomic.Int64 // when it has last come on
	stepName atomic.Pointer[string]
	helpers  sync.WaitGroup
	loose    atomic.Int32 // tasks that nobody awaits and that are to fail

	mu       sync.Mutex
	dice     *rand.Rand
	wounds   []*wound
	allowed  []allowance
	messages map[string]bool
	loops    []*asyncio.Loop
	kept     []*asyncio.Task[int]
}

func (s *strike) faultf(format string, args ...any) {
	s.soak.fault("storm %s, seed %d: %s", s.storm, s.seed, fmt.Sprintf(format, args...))
}

// check is a fault unless ok.
func (s *strike) check(ok bool, format string, args ...any) {
	if !ok {
		s.faultf(format, args...)
	}
}

// step says what the strike does now; it has a minute for it.
func (s *strike) step(name string) {
	s.stepName.Store(&name)
	s.stepped.Store(int64(time.Since(s.soak.began)))
}

// n rolls the dice.
func (s *strike) n(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dice.IntN(n)
}

// chance is true once in n times.
func (s *strike) chance(n int) bool { return s.n(n) == 0 }

// moment is a short time.
func (s *strike) moment() time.Duration { return time.Duration(s.n(3000)) * time.Microsecond }

// resident returns a loop that lives on.
func (s *strike) resident() *asyncio.Loop {
	return s.soak.residents[s.n(len(s.soak.residents))].loop
}

// newLoop makes a loop whose reports come to the strike.
func (s *strike) newLoop(opts ...asyncio.Option) *asyncio.Loop {
	l := asyncio.NewLoop(append([]asyncio.Option{asyncio.WithExceptionHandler(s.reported)}, opts...)...)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loops = append(s.loops, l)
	return l
}

// forever runs a loop on a goroutine of its own until it is stopped.
func (s *strike) forever(l *asyncio.Loop) {
	s.helper(func() {
		if err := l.RunForever(); err != nil {
			s.faultf("RunForever: %v", err)
		}
	})
}

// run is asyncio.Run on the calling goroutine.
func (s *strike) run(main func(ctx context.Context) error, opts ...asyncio.Option) error {
	r := asyncio.NewRunner(append([]asyncio.Option{asyncio.WithExceptionHandler(s.reported)}, opts...)...)
	s.mu.Lock()
	s.loops = append(s.loops, r.Loop())
	s.mu.Unlock()
	defer r.Close()
	_, err := asyncio.RunOn(r, context.Background(), asyncio.Void(main))
	return err
}

// keep takes note of a task that may be left over, for endKept.
func (s *strike) keep(t *asyncio.Task[int]) *asyncio.Task[int] {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept = append(s.kept, t)
	return t
}

// endKept cancels what is left over and waits for it.
func (s *strike) endKept() {
	for i := 0; ; i++ {
		s.mu.Lock()
		if i == len(s.kept) {
			s.mu.Unlock()
			return
		}
		t := s.kept[i]
		s.mu.Unlock()
		t.Cancel()
		_, err := t.Await(context.Background())
		s.saw("a task left over", err, asyncio.ErrTimeout)
	}
}

// helper runs f on a goroutine that the strike waits for in the end.
func (s *strike) helper(f func()) { s.helpers.Go(f) }

// end waits for all that the strike has begun and for all that is to be heard.
func (s *strike) end() {
	s.step("its helpers are to end")
	s.helpers.Wait()
	s.step("its wounds are to be heard")
	s.mu.Lock()
	wounds := slices.Clone(s.wounds) // a late one has nobody to hear of it
	s.mu.Unlock()
	for _, w := range wounds {
		for i := 0; w.isDue(); i++ {
			if i%100 == 99 {
				runtime.GC()
			}
			if i == 20_000 {
				s.faultf("%v was never heard", w)
				break
			}
			time.Sleep(time.Millisecond)
		}
		if due(w.due.Load()) == mustBeTold && w.told.Load() == 0 {
			s.faultf("%v was told to nobody", w)
		}
		s.soak.stumbles.Delete(strconv.FormatUint(w.id, 10))
	}
}
