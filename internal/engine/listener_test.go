package engine

import "testing"

// Of few the place is looked for, of many it is found by an index; who is not there is
// nobody's.
func TestSeveralDropsNoOther(t *testing.T) {
	for _, n := range []int{4, 100} {
		s := &several{}
		all := make([]*Task, n)
		for i := range all {
			all[i] = &Task{}
			s.add(all[i])
		}
		s.drop(all[1])
		late := &Task{}
		s.add(late)
		s.drop(all[1])
		s.drop(&Task{})
		if s.tasks != n || s.left != 1 || s.find(late) != n || s.find(all[n-1]) != n-1 || s.find(all[1]) != -1 {
			t.Errorf("of %d there are %d, without %d", n, s.tasks, s.left)
		}
	}
}
