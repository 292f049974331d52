package coro

import (
	"bytes"
	"runtime"
	"strconv"
	"strings"
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
	var frames []runtime.Frame
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

// StackOf returns the frames of the goroutine whose identity is g, innermost
// first, wherever it is now; nil if it cannot be found. It stops the world for
// the time of a dump of all goroutines.
func StackOf(g uintptr) []runtime.Frame {
	if block := blockOf(g); block != "" {
		return Parse(block)
	}
	return nil
}

// StatusOf returns what the runtime says that goroutine is doing, in its words
// ("chan receive", "running"); "" if it cannot be found. It is as slow as StackOf.
func StatusOf(g uintptr) string {
	_, rest, _ := strings.Cut(blockOf(g), "[")
	status, _, _ := strings.Cut(rest, "]")
	status, _, _ = strings.Cut(status, ",") // since when
	return status
}

// blockOf returns what a dump says of a goroutine.
func blockOf(g uintptr) string {
	id := number(g)
	if id == 0 {
		return ""
	}
	header := []byte("goroutine " + strconv.FormatUint(id, 10) + " ")
	for block := range bytes.SplitSeq(dump(), []byte("\n\n")) {
		if bytes.HasPrefix(block, header) {
			return string(block)
		}
	}
	return ""
}

func dump() []byte {
	for n := 64 << 10; ; n *= 2 {
		buf := make([]byte, n)
		if m := runtime.Stack(buf, true); m < n {
			return buf[:m]
		}
	}
}

// Parse reads the frames of one goroutine out of a dump: a line with the call,
// then a line with the file and the line.
func Parse(block string) []runtime.Frame {
	lines := strings.Split(block, "\n")[1:]
	var frames []runtime.Frame
	for i := 0; i+1 < len(lines); i += 2 {
		call, place := lines[i], strings.TrimSpace(lines[i+1])
		if created, ok := strings.CutPrefix(call, "created by "); ok {
			call, _, _ = strings.Cut(created, " in goroutine ")
		} else if p := strings.LastIndexByte(call, '('); p > 0 {
			call = call[:p]
		}
		place, _, _ = strings.Cut(place, " +0x")
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
func current() uint64 {
	var buf [64]byte
	s := string(buf[:runtime.Stack(buf[:], false)])
	s = strings.TrimPrefix(s, "goroutine ")
	s, _, _ = strings.Cut(s, " ")
	id, _ := strconv.ParseUint(s, 10, 64)
	return id
}
