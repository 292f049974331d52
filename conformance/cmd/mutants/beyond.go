package main

// beyondMutants are in what asyncio has not: the first success, channels, supervised groups, a
// limit that changes, several places at once, a lock for readers and a writer.
var beyondMutants = []mutant{
	{
		name:  "first-success-first-end",
		wrong: "FirstSuccess gives up when the first has failed",
		file:  "wait.go",
		old:   `	if w.first != nil || w.left == 0 {`,
		new:   `	if w.first != nil || w.left >= 0 {`,
		guard: `^TestFirstSuccess$`,
	},
	{
		name:  "first-success-hides-panic",
		wrong: "a panic before the first success is not heard",
		file:  "wait.go",
		old:   `f := w.each[i].f; w.heard && !w.wasInVain(f)`,
		new:   `f := w.each[i].f; w.heard`,
		guard: `^TestFirstSuccess$`,
	},
}
