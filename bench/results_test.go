package main

import (
	"math"
	"reflect"
	"testing"
)

// rounds makes a series of one value a round.
func rounds(values ...float64) series {
	var s series
	for i, v := range values {
		s = append(s, sample{round: i, value: v})
	}
	return s
}

func TestMedianAndSpread(t *testing.T) {
	for _, c := range []struct {
		s              series
		median, spread float64
	}{
		{rounds(5), 5, 0},
		{rounds(30, 10, 20), 20, 0.5},
		{rounds(4, 1, 3, 2), 2.5, 0.4},
		{rounds(7, 1, 2, 3, 4, 5, 6), 4, 0.5},
	} {
		if got := c.s.median(); got != c.median {
			t.Errorf("median of %v: %v, want %v", c.s, got, c.median)
		}
		if got := c.s.spread(); math.Abs(got-c.spread) > 1e-9 {
			t.Errorf("spread of %v: %v, want %v", c.s, got, c.spread)
		}
	}
}

// A machine that slows down from round to round does not change a ratio.
func TestCompareGoesByRounds(t *testing.T) {
	r, ok := compare(rounds(20, 200, 2000, 7), rounds(10, 100, 1000))
	if !ok || r.paired != 2 || r.ofMedians != 1.1 {
		t.Errorf("%+v, %v", r, ok)
	}
	if _, ok := compare(rounds(1), nil); ok {
		t.Error("a comparison with nothing")
	}
}

func TestOthers(t *testing.T) {
	s := series{
		{values: map[string]float64{"bytes": 1, "stack": 10, "heap": 5}},
		{values: map[string]float64{"bytes": 2, "stack": 20, "heap": 5}},
	}
	names, medians := s.others("bytes")
	if !reflect.DeepEqual(names, []string{"heap", "stack"}) || !reflect.DeepEqual(medians, []float64{5, 15}) {
		t.Error(names, medians)
	}
}
