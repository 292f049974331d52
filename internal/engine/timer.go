package engine

import "time"

// timer is a moment at which something becomes ready. It lives in what it
// serves, so that setting one allocates nothing.
type timer struct {
	// at is the index in the heap plus one; 0 means not set.
	at int32
	// fired says that fires is in the ready queue and has not run.
	fired bool
	// fires is what becomes ready.
	fires runnable
}

// timers is a heap of degree four, ordered by moment and, among equals, by the
// order in which they were set. The keys lie in the heap itself, so that sifting
// compares without following pointers. Removal is by index: a cancelled timer is
// gone at once.
type timers struct {
	heap []timerKey
	seq  uint64
}

type timerKey struct {
	when time.Duration
	seq  uint64
	t    *timer
}

func (k *timerKey) before(o *timerKey) bool {
	return k.when < o.when || k.when == o.when && k.seq < o.seq
}

func (h *timers) add(t *timer, when time.Duration) {
	h.seq++
	h.heap = append(h.heap, timerKey{})
	h.up(len(h.heap)-1, timerKey{when, h.seq, t})
}

// next returns when the first timer is due.
func (h *timers) next() time.Duration {
	if len(h.heap) == 0 {
		return Never
	}
	return h.heap[0].when
}

// due removes and returns the first timer if its moment has come.
func (h *timers) due(now time.Duration) *timer {
	if len(h.heap) == 0 || h.heap[0].when > now {
		return nil
	}
	t := h.heap[0].t
	h.remove(t)
	t.fired = true
	return t
}

func (h *timers) remove(t *timer) {
	i := int(t.at) - 1
	if i < 0 {
		return
	}
	t.at = 0
	n := len(h.heap) - 1
	last := h.heap[n]
	h.heap[n] = timerKey{}
	h.heap = h.heap[:n]
	switch {
	case i == n:
	case i > 0 && last.before(&h.heap[(i-1)/4]):
		h.up(i, last)
	default:
		h.down(i, last)
	}
	if cap(h.heap) > 1<<12 && n < cap(h.heap)/4 {
		h.heap = append(make([]timerKey, 0, cap(h.heap)/2), h.heap...)
	}
}

// bereft is what waits for a timer and is to be told that it will not come.
type bereft interface{ LoopClosed() }

// clear removes all, and returns those that are to be told.
func (h *timers) clear() (told []bereft) {
	for _, k := range h.heap {
		k.t.at = 0
		fires := any(k.t.fires)
		if h, ok := fires.(*Handle); ok {
			fires = h.face
		}
		if x, ok := fires.(bereft); ok {
			told = append(told, x)
		}
	}
	*h = timers{}
	return told
}

// up puts k at i or above.
func (h *timers) up(i int, k timerKey) {
	for i > 0 {
		p := (i - 1) / 4
		if !k.before(&h.heap[p]) {
			break
		}
		h.put(i, h.heap[p])
		i = p
	}
	h.put(i, k)
}

// down puts k at i or below.
func (h *timers) down(i int, k timerKey) {
	for {
		c := 4*i + 1
		if c >= len(h.heap) {
			break
		}
		least := c
		for j := c + 1; j < min(c+4, len(h.heap)); j++ {
			if h.heap[j].before(&h.heap[least]) {
				least = j
			}
		}
		if !h.heap[least].before(&k) {
			break
		}
		h.put(i, h.heap[least])
		i = least
	}
	h.put(i, k)
}

func (h *timers) put(i int, k timerKey) {
	h.heap[i] = k
	k.t.at = int32(i + 1)
}
