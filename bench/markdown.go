package main

import (
	"fmt"
	"strings"
)

// A report is what RESULTS.md is made of.
type report struct {
	*results
	machine
	dir      string // the bench's source, for the links
	command  string
	rounds   int
	missing  []string // peers that were not to be had
	verdicts []verdict
	profiles map[string]string // why goals were missed: by workload, what pprof says
	charts   []string          // the plots there are
}

// markdown returns RESULTS.md. Whatever in it can change with the next run stands
// in a line of its own, in an order that does not change.
func (r *report) markdown() string {
	var b strings.Builder
	section := func(title, body string) {
		if body != "" {
			fmt.Fprintf(&b, "\n## %s\n\n%s\n", title, strings.TrimSpace(body))
		}
	}
	fmt.Fprintf(&b, "# Measurements\n\n"+
		"What this library costs, next to its peers and to the floor that it stands on. This file is written by\n\n"+
		"```sh\n%s\n```\n\n"+
		"and every figure in it was measured by that run: nothing here is typed in.\n", r.command)
	section("The machine", r.aboutMachine())
	section("How it is measured", r.aboutMethod())
	section("The goals", r.aboutGoals())
	section("Where peers win", r.losses())
	section("Where this library wins", r.wins())
	section("At a glance", r.matrix())
	section("From a hundred tasks to a million", r.scalingTable())
	section("Every workload", r.details())
	section("Goals that are not met", r.reasons())
	section("What went wrong", r.troubles())
	return b.String()
}

// table returns a table in Markdown. Cells are not padded: a longer figure would
// change every line.
func table(head []string, rows [][]string) string {
	if len(rows) == 0 {
		return ""
	}
	var b strings.Builder
	line := func(cells []string) { fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | ")) }
	line(head)
	line(strings.Split(strings.Repeat("---,", len(head)-1)+"---", ","))
	for _, r := range rows {
		line(r)
	}
	return b.String()
}

func (r *report) aboutMachine() string {
	rows := [][]string{
		{"CPU", r.cpu}, {"system", r.system}, {"Go", r.golang}, {"commit", r.commit}, {"date", r.date},
	}
	var peers [][]string
	for _, p := range r.peers {
		version := strings.Replace(p.version, "(devel)", "of this commit", 1)
		peers = append(peers, []string{p.name, p.title, version, fmt.Sprintf("[%s](%s)", p.source, p.source)})
	}
	s := table([]string{"", ""}, rows) + "\n" + table([]string{"peer", "", "version", "code"}, peers)
	for _, m := range r.missing {
		s += "\nNot on this machine: " + m + "\n"
	}
	return s
}

func (r *report) aboutMethod() string {
	return fmt.Sprintf("Each peer is a process that does a workload in its own terms when it is asked to, and answers how long "+
		"that took, without its set-up and a garbage collection beforehand; the [harness](run.go) only adds up. First each pair of "+
		"workload and peer is calibrated to so many operations as take about %v. Then come %d rounds. In each, every peer does "+
		"every workload, the peers of one workload right after each other, and each round begins with another of them. Every "+
		"measurement is made twice in a row, and the second counts: a process that was idle is slow at first. What takes longer "+
		"than %v is not done twice; what would take more than %v in all is measured in fewer rounds, %d at least; memory in %d. "+
		"Workloads of a size from %s, and %s at every size, have a process of their own each time, so that what they leave in "+
		"memory is in nobody's way. The **floor** does only what lies underneath a workload: it is not a peer that could win.\n\n"+
		"**ns** and **bytes** are medians over the rounds, for one operation. **spread** is half the distance between the quartiles, "+
		"in parts of the median. **against this library** is the median of the ratios of each round, not the ratio of the "+
		"medians: a machine that is slow for a while is slow for both. The names of peers in the tables of the workloads lead to the code that was measured, "+
		"and that code tells where a peer's terms differ.",
		targetTime, r.rounds, tooSlow, pairTime, fewestRounds, memoryRounds, number(large), scaling)
}

func (r *report) aboutGoals() string {
	met, measured := 0, 0
	var rows [][]string
	for _, v := range r.verdicts {
		medians := "–"
		if v.measured {
			measured++
			medians = number(v.ratio.ofMedians)
		}
		state := v.state()
		if v.met {
			met++
		} else {
			state = "**" + state + "**"
		}
		rows = append(rows, []string{v.workload, v.asks(r.title(v.peer), v.about.unit()), v.measuredAs(), medians, state})
	}
	notes := ""
	for _, v := range r.verdicts {
		if q, ok := r.floorAt(v); ok {
			notes += fmt.Sprintf("\nAgainst the floor of %s itself, %s comes to %s.\n", v.workload, v.workload, number(q.paired))
		}
	}
	return fmt.Sprintf("%d of %d measured goals are met.\n\n", met, measured) +
		table([]string{"workload", "what is asked", "median of the rounds", "ratio of medians", ""}, rows) + notes
}

// floorAt compares with the floor of the same size where the goal takes that of another.
func (r *report) floorAt(v verdict) (ratio, bool) {
	if v.peer != floor || v.than == "" {
		return ratio{}, false
	}
	return compare(r.all[pair{v.workload, ours}], r.all[pair{v.workload, floor}])
}

// losses lists the workloads that some peer does for less.
func (r *report) losses() string {
	var rows [][]string
	for _, w := range r.workloads {
		var better []string
		for _, p := range r.peers {
			if q, ok := r.against(w, p.name); ok && p.name != ours && p.name != floor && q.paired < 1 {
				better = append(better, p.title+": "+compared(q.paired, w.unit()))
			}
		}
		if better != nil {
			rows = append(rows, []string{w.name(), r.figure(w), strings.Join(better, "<br>")})
		}
	}
	return table([]string{"workload", "this library", "who does it for less"}, rows)
}

// wins lists the workloads that no peer does for less, each with the peer that
// comes closest.
func (r *report) wins() string {
	var rows [][]string
	for _, w := range r.workloads {
		var next *peer
		var least float64
		for _, p := range r.peers {
			if q, ok := r.against(w, p.name); ok && p.name != ours && p.name != floor && (next == nil || q.paired < least) {
				next, least = p, q.paired
			}
		}
		if next != nil && least >= 1 {
			rows = append(rows, []string{w.name(), r.figure(w), next.title + ": " + compared(least, w.unit())})
		}
	}
	return table([]string{"workload", "this library", "who comes next"}, rows)
}

// figure is what an operation of ours takes.
func (r *report) figure(w workload) string {
	return number(r.all[pair{w.name(), ours}].median()) + " " + w.unit()
}

// matrix is everything in one table: how many times as much as this library
// each peer takes.
func (r *report) matrix() string {
	head := []string{"workload"}
	for _, p := range r.peers {
		if p.name != ours {
			head = append(head, p.name)
		}
	}
	var rows [][]string
	for _, w := range r.workloads {
		line := []string{w.name()}
		some := false
		for _, p := range r.peers {
			if p.name == ours {
				continue
			}
			cell := ""
			if q, ok := r.against(w, p.name); ok {
				some = true
				if cell = number(q.paired); q.paired < 1 && p.name != floor {
					cell = "**" + cell + "**"
				}
			}
			line = append(line, cell)
		}
		if some {
			rows = append(rows, line)
		}
	}
	body := "How many times as much as this library each peer takes. In bold, it takes less.\n\n" + table(head, rows)
	for _, c := range r.charts {
		if c != scaling {
			body += fmt.Sprintf("\n![%s](plots/%s.svg)\n", c, c)
		}
	}
	return body
}

// scalingTable follows the cost of one task from size to size.
func (r *report) scalingTable() string {
	var sizes []workload
	head := []string{"peer"}
	for _, w := range r.workloads {
		if w.base == scaling {
			sizes = append(sizes, w)
			head = append(head, number(float64(w.size)))
		}
	}
	var rows [][]string
	for _, p := range r.peers {
		line := []string{p.title}
		var first series
		for _, w := range sizes {
			s := r.all[pair{w.name(), p.name}]
			cell := ""
			if len(s) > 0 {
				cell = number(s.median()) + " ns"
				if first == nil {
					first = s
				} else if q, ok := compare(s, first); ok {
					cell += fmt.Sprintf(" (%s ×)", number(q.paired))
				}
			}
			line = append(line, cell)
		}
		if first != nil {
			rows = append(rows, line)
		}
	}
	if len(rows) == 0 {
		return ""
	}
	body := "What one task costs when so many are made and gathered, and how many times what it costs at the smallest size.\n\n" + table(head, rows)
	for _, c := range r.charts {
		if c == scaling {
			body += fmt.Sprintf("\n![%s](plots/%s.svg)\n", c, c)
		}
	}
	return body
}

// details has a table for each workload.
func (r *report) details() string {
	var b strings.Builder
	for _, w := range r.workloads {
		var rows [][]string
		for _, line := range r.rows(w) {
			name := line.peer.title
			if at, ok := findCode(r.dir, line.peer, w.base); ok {
				name = fmt.Sprintf("[%s](%s)", name, at.link())
			} else if w.base == startup {
				name = fmt.Sprintf("[%s](%s)", name, line.peer.source)
			}
			rows = append(rows, []string{name, line.median, line.spread, line.against, line.further})
		}
		if rows == nil {
			continue
		}
		fmt.Fprintf(&b, "### %s\n\n%s. One operation is %s.\n\n%s\n", w.name(), w.title, w.op,
			table([]string{"peer", w.unit(), "spread", "against this library", ""}, rows))
	}
	return b.String()
}

// reasons shows, for each goal that is not met, where the time or the memory goes.
func (r *report) reasons() string {
	var b strings.Builder
	seen := map[string]bool{}
	for _, v := range r.verdicts {
		name := v.about.name()
		if !v.measured || v.met || seen[name] {
			continue
		}
		seen[name] = true
		fmt.Fprintf(&b, "### Where %s goes\n\n", name)
		if v.about.unit() == "bytes" {
			names, medians := r.all[pair{name, ours}].others(v.about.value)
			_, theirs := r.all[pair{name, v.peer}].others(v.about.value)
			head := []string{"bytes of one", "this library"}
			if len(theirs) == len(names) {
				head = append(head, r.title(v.peer))
			}
			var rows [][]string
			for i := range names {
				line := []string{names[i], number(medians[i])}
				if len(theirs) == len(names) {
					line = append(line, number(theirs[i]))
				}
				rows = append(rows, line)
			}
			fmt.Fprintf(&b, "%s\n", table(head, rows))
		} else {
			fmt.Fprintf(&b, "```text\n%s\n```\n\n", r.profiles[name])
		}
	}
	return b.String()
}

func (r *report) troubles() string {
	var b strings.Builder
	for _, f := range r.failures {
		fmt.Fprintf(&b, "- %s with %s: %v\n", f.workload, f.peer, f.err)
	}
	return b.String()
}
