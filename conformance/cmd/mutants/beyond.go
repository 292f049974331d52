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
	{
		name:  "channel-loses",
		wrong: "a value that comes when its receiver is cancelled is lost",
		file:  "channel.go",
		old: `	if !c.outpost.Recall() {
		return err
`,
		new: `	if !c.outpost.Recall() || err != nil {
		return err
`,
		guard: `^(TestReceive|TestChannelsLoseNothing)$`,
	},
	{
		name:  "channel-swallows",
		wrong: "a Receive that returns a value swallows the cancellation that came with it",
		file:  "channel.go",
		old: `		redeliver(ctx, err)
`,
		new: `		_ = redeliver
`,
		guard: `^TestChannelsAndTheVirtualClock$`,
	},
	{
		name:  "channel-clock-jumps",
		wrong: "the clock jumps before what was sent is seen",
		file:  "internal/engine/outpost.go",
		old:   `	l.eachOutpost((*Outpost).disarm)`,
		new: `	if l.busy > 0 {
		l.eachOutpost((*Outpost).disarm)
	}`,
		guard: `^TestChannelsAndTheVirtualClock$`,
	},
	{
		name:  "channel-no-meeting",
		wrong: "two tasks at a channel without a buffer do not meet",
		file:  "internal/engine/outpost.go",
		old:   `len(there) > 0 && o.who.Meet(`,
		new:   `len(there) > 1 && o.who.Meet(`,
		guard: `^TestChannelsAndTheVirtualClock$`,
	},
}
