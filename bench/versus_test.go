package main

import (
	"flag"
	"slices"
	"testing"
	"time"
)

var guard = flag.Bool("guard", false, "fail a benchmark that takes far more of its floor than it used to")

// usual is how many times its floor a benchmark takes, measured on the machine that CI
// runs on. It is there for the guard: one that has doubled fails, the noise of a busy
// machine does not. Who makes something faster writes the new figure down.
var usual = map[string]float64{
	"BenchmarkSpawnAwait":       0.5,
	"BenchmarkSpawn1000":        0.75,
	"BenchmarkGather":           0.75,
	"BenchmarkGroup":            2.5,
	"BenchmarkSwitch/2":         1.05,
	"BenchmarkSwitch/1000":      1.7,
	"BenchmarkSleepCancel":      0.8,
	"BenchmarkTimeout":          0.45,
	"BenchmarkGo1000":           1.4,
	"BenchmarkPost":             1.6,
	"BenchmarkQueue/max=1":      1.7,
	"BenchmarkUncontended/lock": 4,
}

// tooMuch is how many times the usual a guarded benchmark may not take. It gets
// several tries, since whatever else the machine is doing only ever adds.
const (
	tooMuch = 1.8
	tries   = 5
)

// doubled reports whether a benchmark whose tries came to these ratios takes far more
// than the usual.
func doubled(name string, tried []float64) bool {
	bound, ok := usual[name]
	return ok && slices.Min(tried) > tooMuch*bound
}

// versus runs n operations of ours and of the floor by turns and reports both, and
// their ratio: the figures of two separate runs do not compare on a noisy machine.
func versus(b *testing.B, ours, floor func(n int)) {
	b.Helper()
	b.ReportAllocs()
	const rounds = 10
	n := b.N/rounds + 1
	floor(1)
	b.ResetTimer()
	took, least := byTurns(b, n, rounds, ours, floor)
	per := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / float64(n*rounds) }
	b.ReportMetric(per(took), "ns/op")
	b.ReportMetric(per(least), "floor-ns/op")
	tried := []float64{float64(took) / float64(least)}
	b.ReportMetric(tried[0], "x-floor")
	if !*guard || took < judged() {
		return
	}
	b.StopTimer()
	for doubled(b.Name(), tried) && len(tried) < tries {
		took, least = byTurns(nil, n, rounds, ours, floor)
		tried = append(tried, float64(took)/float64(least))
	}
	if doubled(b.Name(), tried) {
		b.Errorf("takes %.2f of its floor, the least of %d tries; the usual is %.2f", slices.Min(tried), tries, usual[b.Name()])
	}
}

// judged is how long a run takes at least that the guard looks at: half of what was asked
// for. The testing package finds out with shorter ones how often to run, and in those what a
// benchmark does once counts for more than what it is about.
func judged() time.Duration {
	asked, err := time.ParseDuration(flag.Lookup("test.benchtime").Value.String())
	if err != nil {
		return 0 // a number of runs
	}
	return asked / 2
}

// byTurns times both; b, unless nil, counts ours alone.
func byTurns(b *testing.B, n, rounds int, ours, floor func(n int)) (took, least time.Duration) {
	for range rounds {
		start := time.Now()
		ours(n)
		took += time.Since(start)
		if b != nil {
			b.StopTimer()
		}
		start = time.Now()
		floor(n)
		least += time.Since(start)
		if b != nil {
			b.StartTimer()
		}
	}
	return took, least
}

// TestGuard: what has doubled is found, what is as usual with a third on top is not,
// and one good try is enough.
func TestGuard(t *testing.T) {
	for name, r := range usual {
		if !doubled(name, []float64{2 * r, 2.5 * r, 2 * r}) {
			t.Errorf("%s: twice the usual is not found", name)
		}
		if doubled(name, []float64{1.3 * r}) || doubled(name, []float64{3 * r, 1.3 * r}) {
			t.Errorf("%s: the usual is found", name)
		}
	}
	if doubled("BenchmarkOther", []float64{100}) {
		t.Error("what has no usual is found")
	}
}
