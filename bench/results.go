package main

import (
	"slices"

	"gonum.org/v1/gonum/stat"
)

// A sample is what one measurement came to, per operation.
type sample struct {
	round  int
	value  float64
	values map[string]float64 // whatever else the worker told
}

// A series is the samples of one workload with one peer, round by round.
type series []sample

// Results is all that was measured.
type results struct {
	peers     []*peer
	workloads []workload
	all       map[pair]series
	failures  []failure
}

// A pair is a workload's name and a peer's.
type pair struct{ workload, peer string }

// A failure is a measurement that did not succeed; the pair was not asked again.
type failure struct {
	pair
	err error
}

// median returns the middle of the values.
func median(values []float64) float64 {
	v := slices.Sorted(slices.Values(values))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

func (s series) median() float64 {
	return median(s.each(func(m sample) float64 { return m.value }))
}

// spread is half the distance between the quartiles, as a part of the median.
func (s series) spread() float64 {
	v := slices.Sorted(slices.Values(s.each(func(m sample) float64 { return m.value })))
	quartile := func(p float64) float64 { return stat.Quantile(p, stat.Empirical, v, nil) }
	return (quartile(0.75) - quartile(0.25)) / 2 / median(v)
}

// others returns the medians of what else was told, in the order of their names.
func (s series) others(except string) (names []string, medians []float64) {
	seen := map[string][]float64{}
	for _, m := range s {
		for name, v := range m.values {
			if name != except {
				seen[name] = append(seen[name], v)
			}
		}
	}
	for name := range seen {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		medians = append(medians, median(seen[name]))
	}
	return names, medians
}

func (s series) each(f func(sample) float64) []float64 {
	v := make([]float64, len(s))
	for i, m := range s {
		v[i] = f(m)
	}
	return v
}

// A ratio compares two series.
type ratio struct {
	paired    float64 // the median of the ratios of each round: noise that lasts is in both
	ofMedians float64
}

// compare divides a by b. It is not ok if there is no round that has both.
func compare(a, b series) (r ratio, ok bool) {
	var each []float64
	for _, x := range a {
		for _, y := range b {
			if x.round == y.round && y.value != 0 {
				each = append(each, x.value/y.value)
			}
		}
	}
	if len(each) == 0 {
		return ratio{}, false
	}
	return ratio{paired: median(each), ofMedians: a.median() / b.median()}, true
}

// against compares a peer with this library: above 1, the peer takes more.
func (r *results) against(w workload, peer string) (ratio, bool) {
	return compare(r.all[pair{w.name(), peer}], r.all[pair{w.name(), ours}])
}

// title returns what a peer is called.
func (r *results) title(name string) string {
	for _, p := range r.peers {
		if p.name == name {
			return p.title
		}
	}
	return name
}
