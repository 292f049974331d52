package coro

import (
	"bytes"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Callers returns the frames of the running goroutine, innermost first, without
// the skip innermost ones.
func Callers(skip int) []runtime.Frame {
	pcs := make([]uintptr, 64)
	for {
		n := runtime.Callers(skip+2, pcs)
		if n < len(pcs) {
			pcs = pcs[:n]
			break
		}
		pcs = make([]uintptr, 2*len(pcs))
	}
	return framesOf(pcs)
}

func framesOf(pcs []uintptr) (frames []runtime.Frame) {
	if len(pcs) == 0 {
		return nil
	}
	for it := runtime.CallersFrames(pcs); ; {
		f, more := it.Next()
		if f.Function != "" {
			frames = append(frames, f)
		}
		if !more {
			return frames
		}
	}
}

// Sought is a goroutine whose stack is wanted.
type Sought struct {
	G uintptr // its identity
	// Under is how the name of a function ends that is on the stack of few, and Func the
	// name of one that is above it there, "" if that is not known. By these it is looked
	// for where there are too many goroutines to look at all of them.
	Under, Func string
	// Running says that it has not handed control to another coroutine.
	Running bool
}

// StackOf returns the frames of a goroutine, innermost first, wherever it is now; nil if
// it cannot be found, or not at a price that can be paid: see purse.
func StackOf(s Sought) []runtime.Frame {
	if s.G == 0 {
		return nil
	}
	if text, ok := dump(false); ok {
		if block := blockOf(text, s.G); block != "" {
			return Parse(block)
		}
		return nil
	}
	return s.profiled()
}

// StatusOf returns what the runtime says a goroutine is doing, in its words ("chan
// receive", "running"); "" if it cannot be found, or there are too many to look at.
func StatusOf(g uintptr) string {
	if text, ok := dump(true); ok {
		return statusOf(blockOf(text, g))
	}
	return ""
}

func statusOf(block string) string {
	_, rest, _ := strings.Cut(block, "[")
	status, _, _ := strings.Cut(rest, "]")
	status, _, _ = strings.Cut(status, ",") // since when
	return status
}

// blockOf returns what a dump says of a goroutine.
func blockOf(text []byte, g uintptr) string {
	id := number(g)
	if id == 0 {
		return ""
	}
	header := []byte("goroutine " + strconv.FormatUint(id, 10) + " ")
	for block := range bytes.SplitSeq(text, []byte("\n\n")) {
		if bytes.HasPrefix(block, header) {
			return string(block)
		}
	}
	return ""
}

// Working reports whether one of some goroutines is not blocked in the runtime, on a
// channel or a lock, or cannot be found. If there are too many to look at all of them,
// those count that have a function on the stack whose name ends in under: all of the
// given are to have that.
func Working(gs []uintptr, under string) bool {
	if len(gs) == 0 {
		return false
	}
	text, ok := dump(true)
	if !ok {
		return profiledWorking(under)
	}
	sought := map[string]bool{}
	for _, g := range gs {
		sought[strconv.FormatUint(number(g), 10)] = true
	}
	if len(sought) < len(gs) || sought["0"] {
		return true
	}
	for block := range bytes.SplitSeq(text, []byte("\n\n")) {
		_, header, _ := bytes.Cut(block, []byte(" "))
		id, _, _ := bytes.Cut(header, []byte(" "))
		if !sought[string(id)] {
			continue
		}
		delete(sought, string(id))
		header, _, _ = bytes.Cut(header, []byte("\n"))
		switch s := statusOf(string(header)); {
		case strings.HasPrefix(s, "chan "), strings.HasPrefix(s, "select"),
			strings.HasPrefix(s, "sync."), strings.HasPrefix(s, "semacquire"):
		default:
			return true
		}
	}
	return len(sought) > 0
}

// purse is the time that looking at all goroutines in one way may take: one per cent of
// what goes by, and some at once.
type purse struct {
	mu   sync.Mutex
	left time.Duration
	last time.Time
}

const (
	mostLeft = 100 * time.Millisecond
	// The world stands still while a dump is made: none is that would take longer than
	// mostDump, and those up to freeDump, of some thousand goroutines, cost nothing.
	mostDump = 50 * time.Millisecond
	freeDump = 5 * time.Millisecond
	// mostEach bounds what a machine that is busy makes of each: one dump that was slow
	// must not be the last.
	mostEach = 20 * time.Microsecond
)

// Both may leave a debt.
var (
	dumps    = purse{left: mostLeft, last: time.Now()}
	profiles = purse{left: mostLeft, last: time.Now()}
)

// each is what a dump takes for a goroutine, as far as is known; under the lock of dumps.
var each = 4 * time.Microsecond

// open returns what is left. In a bubble of testing/synctest no time goes by.
func (p *purse) open() time.Duration {
	now := time.Now()
	if d := now.Sub(p.last); d > 0 {
		p.left, p.last = min(mostLeft, p.left+d/100), now
	}
	return p.left
}

// dump returns what the runtime prints of all goroutines, unless that takes too long. For
// a test that cannot go on before it knows it may take what it takes, but not at once.
func dump(test bool) ([]byte, bool) {
	p := &dumps
	p.mu.Lock()
	defer p.mu.Unlock()
	n := runtime.NumGoroutine()
	cost := each * time.Duration(n)
	pays := !test && cost > freeDump
	if cost > mostDump || pays && p.open() <= 0 {
		return nil, false
	}
	start := time.Now()
	for size := 4<<10 + n<<10; ; size *= 2 {
		buf := make([]byte, size)
		if m := runtime.Stack(buf, true); m < size {
			took := time.Since(start)
			if pays {
				p.left -= took
			}
			if n >= 100 {
				each = min(max(time.Microsecond, took/time.Duration(n)), mostEach)
			}
			return buf[:m], true
		}
	}
}

// profile calls each with the stacks of all goroutines, unless that has to wait, which it
// does not for a test.
func profile(test bool, each func(pcs []uintptr, n names) (more bool)) bool {
	if p := &profiles; !test {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.open() <= 0 {
			return false
		}
		start := time.Now()
		defer func() { p.left -= time.Since(start) }()
	}
	n := runtime.NumGoroutine()
	records := make([]runtime.StackRecord, n+n/8+64)
	n, ok := runtime.GoroutineProfile(records)
	if !ok {
		return false
	}
	known := names{}
	for i := range records[:n] {
		if !each(records[i].Stack(), known) {
			break
		}
	}
	return true
}

// names are those of functions, by return addresses.
type names map[uintptr]string

func (n names) of(pc uintptr) string {
	name, known := n[pc]
	if !known {
		if f := runtime.FuncForPC(pc - 1); f != nil {
			name = f.Name()
		}
		n[pc] = name
	}
	return name
}

// cut reports whether a stack of a profile may have more frames than are there.
func cut(pcs []uintptr) bool { return len(pcs) == len(runtime.StackRecord{}.Stack0) }

// profiled looks for a goroutine in a profile, which has no names of goroutines: it finds
// none unless there is only one that it can be, or they are all at one place.
func (s Sought) profiled() []runtime.Frame {
	var found []uintptr
	profile(false, func(pcs []uintptr, n names) bool {
		is, whole := s.is(pcs, n)
		if !is && whole {
			return true
		}
		if !is || found != nil && !slices.Equal(found, pcs) {
			found = nil
			return false
		}
		found = pcs
		return true
	})
	return framesOf(found)
}

// profiledWorking is Working by a profile.
func profiledWorking(under string) (working bool) {
	return !profile(true, func(pcs []uintptr, n names) bool {
		is, whole := Sought{Under: under}.is(pcs, n)
		working = working || (is || !whole) && !blocked(pcs, n)
		return true
	}) || working
}

// blocked reports whether a goroutine is blocked on a channel or a lock.
func blocked(pcs []uintptr, n names) bool {
	for _, pc := range pcs[:min(4, len(pcs))] {
		switch n.of(pc) {
		case "runtime.chanrecv", "runtime.chansend", "runtime.selectgo", "runtime.block",
			"runtime.semacquire1", "runtime.notifyListWait":
			return true
		}
	}
	return false
}

// is reports whether a stack can be the one that is looked for, and whether all that
// tells is there.
func (s Sought) is(pcs []uintptr, n names) (is, whole bool) {
	above := s.Func == ""
	for i, pc := range pcs {
		switch name := n.of(pc); {
		case i == 0 && s.Running && strings.HasPrefix(name, "runtime.coro"):
			return false, true
		case name == s.Func:
			above = true
		case strings.HasSuffix(name, s.Under):
			return above, true
		}
	}
	return false, !cut(pcs)
}

// Parse reads the frames of one goroutine out of a dump: a line with the call, then a
// line with the file and the line. With GODEBUG=tracebackancestors the stacks of those
// that have created it come behind.
func Parse(block string) []runtime.Frame {
	lines := strings.Split(block, "\n")[1:]
	var frames []runtime.Frame
	for i := 0; i+1 < len(lines) && !strings.HasPrefix(lines[i], "[originating from "); i++ {
		call, place := lines[i], lines[i+1]
		if !strings.HasPrefix(place, "\t") {
			continue // a remark, such as that some frames are left out
		}
		i++
		if created, ok := strings.CutPrefix(call, "created by "); ok {
			call, _, _ = strings.Cut(created, " in goroutine ")
		} else if p := strings.LastIndexByte(call, '('); p > 0 {
			call = call[:p]
		}
		place, _, _ = strings.Cut(strings.TrimSpace(place), " +0x")
		file, line, _ := cutLast(place, ":")
		n, _ := strconv.Atoi(line)
		frames = append(frames, runtime.Frame{Function: call, File: file, Line: n})
	}
	return frames
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// current returns the number that the runtime prints for this goroutine.
func current() (id uint64) {
	buf := headers.Get().(*[64]byte)
	defer headers.Put(buf)
	n := runtime.Stack(buf[:], false)
	for _, c := range buf[min(n, len("goroutine ")):n] {
		if c < '0' || c > '9' {
			break
		}
		id = 10*id + uint64(c-'0')
	}
	return id
}

// headers are for the first line of a stack.
var headers = sync.Pool{New: func() any { return new([64]byte) }}
