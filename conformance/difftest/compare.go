package difftest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// Comparable reports whether a CPython of this version is to behave as the newest does
// with p.
func Comparable(p *program, version string) bool { return len(p.Beyond(version)) == 0 }

// SideBySide shows two traces, with a mark between them from the first line on in which
// they differ.
func SideBySide(left, right string, a, b []string) string {
	width := len(left)
	for _, line := range a {
		width = max(width, len(line))
	}
	var s strings.Builder
	row := func(x, mark, y string) { fmt.Fprintf(&s, "%-*s %s %s\n", width, x, mark, y) }
	row(left, "|", right)
	at := func(lines []string, i int) string {
		if i < len(lines) {
			return lines[i]
		}
		return ""
	}
	for i := range max(len(a), len(b)) {
		mark := "|"
		if at(a, i) != at(b, i) {
			mark = "≠"
		}
		row(at(a, i), mark, at(b, i))
	}
	return s.String()
}
