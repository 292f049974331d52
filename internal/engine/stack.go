package engine

import (
	"path"
	"regexp"
	"runtime"
	"strconv"
	"strings"

	"github.com/asyncio-go/asyncio/internal/coro"
)

// Stack returns the task's own frames where it is suspended or running, innermost
// first; nil if it has none. If its loop is stuck in a step, they are found from
// outside.
func (t *Task) Stack() []runtime.Frame {
	return Ask(t.Loop(), t.stack, t.stackFromOutside)
}

func (t *Task) stack() (frames []runtime.Frame) {
	switch f := t.fiber; {
	case t.Finished(), f == nil && !t.thread:
	case t.thread, f.Lent, // to the one that asks
		t.loop.stranded, !t.loop.inRun && !t.loop.closed.Load() && !t.loop.mayResume():
		frames = t.stackFromOutside()
	case f.G == coro.G(): // the task itself asks, or another on the same stack
		frames = t.own(coro.Callers(0), f)
	default:
		t.loop.ask(f, func() { frames = t.own(coro.Callers(0), f) })
	}
	return frames
}

// own picks the frames of t from those of its stack, which may have tasks above it
// that it awaits, and tasks below it; each begins with a call of execute. What lies
// between is the engine's affair and left out.
func (t *Task) own(frames []runtime.Frame, f *fiber) []runtime.Frame {
	above := t.above(f)
	var own []runtime.Frame
	for _, f := range frames {
		switch name, inside := strings.CutPrefix(f.Function, modulePath); {
		case inside && strings.HasSuffix(name, "(*fiber).execute"):
			if above == 0 {
				return own
			}
			above--
		case above == 0 && !inside:
			own = append(own, f)
		}
	}
	return own
}

const modulePath = "github.com/asyncio-go/asyncio/internal/"

// outside is the frames of a goroutine without the engine's.
func outside(frames []runtime.Frame) (own []runtime.Frame) {
	for _, f := range frames {
		if !strings.HasPrefix(f.Function, modulePath) {
			own = append(own, f)
		}
	}
	return own
}

// Where returns where the task is in the code of users: the frames of Stack as a user
// knows them, from the line of the await, or the line it is at, up to the coroutine
// function. It is nil for a task that has not started or is done, and for one whose
// coroutine is the library's own. It costs what Stack does. Chain shows it.
func (t *Task) Where() []runtime.Frame { return Users(t.Stack()) }

// Users picks the frames of users' code: none of the library's, also where the compiler
// has inlined it into a user's function, and the body of a loop over one of its
// sequences is part of the function it stands in.
func Users(frames []runtime.Frame) (own []runtime.Frame) {
	body := "" // the function that the last frame is a loop's body of
	for _, f := range frames {
		if f.Function == "" || ofLibrary(f) {
			continue
		}
		name := rangeBody.ReplaceAllString(f.Function, "")
		inner := body == name // what this is the rest of was shown with its line
		body = ""
		if strings.HasSuffix(strings.TrimRight(f.Function, "0123456789"), "-range") {
			body = name
		}
		if !inner {
			f.Function = name
			own = append(own, f)
		}
	}
	return own
}

// Raised picks the user's frames, from where a panic was raised up to the coroutine or
// the callback, out of what debug.Stack has returned after it was recovered.
func Raised(stack []byte) []runtime.Frame {
	frames := users(coro.Parse(string(stack)))
	for len(frames) > 0 && (frames[0].Function == "panic" || strings.HasPrefix(frames[0].Function, "runtime")) {
		frames = frames[1:]
	}
	return frames
}

// rangeBody is how the compiler names the body of a loop over a sequence, after the
// function that the loop is in.
var rangeBody = regexp.MustCompile(`-range\d+`)

// ofLibrary reports whether a frame is of this module, but not of its examples and
// tests. What was inlined has the name of the function it is in, and its own file.
func ofLibrary(f runtime.Frame) bool {
	for _, p := range []string{facePath, modulePath, testPath} {
		if strings.HasPrefix(f.Function, p) {
			return true
		}
	}
	dir, file := path.Split(strings.TrimPrefix(f.File, home))
	if len(dir)+len(file) == len(f.File) || strings.HasSuffix(file, "_test.go") {
		return false
	}
	return dir == "" || dir == "asynciotest/" || strings.HasPrefix(dir, "internal/")
}

// testPath is that of the package that runs tests.
const testPath = "github.com/asyncio-go/asyncio/asynciotest."

// home is the directory of the root package, as the compiler has noted it.
var home = func() string {
	_, file, _, _ := runtime.Caller(0)
	return strings.TrimSuffix(file, "internal/engine/stack.go")
}()

// maxChain is how many frames Chain shows, and the outermost.
const maxChain = 6

// Chain shows frames in a line, innermost first.
func Chain(frames []runtime.Frame) string {
	var parts []string
	for i, f := range frames {
		if left := len(frames) - i - 1; i == maxChain && left > 0 {
			parts = append(parts, strconv.Itoa(left)+" more")
			f = frames[len(frames)-1]
		}
		parts = append(parts, Func(f.Function)+" "+Position(f))
		if i == maxChain {
			break
		}
	}
	return strings.Join(parts, " < ")
}

// Func is a function's name as it is read: without the path of its package.
func Func(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

// Position is a file and a line as they are read: the file with its directory alone.
func Position(f runtime.Frame) string {
	dir, file := path.Split(f.File)
	if dir != "" && dir != "/" {
		file = path.Base(dir) + "/" + file
	}
	return file + ":" + strconv.Itoa(f.Line)
}
