package asyncio

// PriorityQueue is a [Queue] that gives the least item first: [NewPriorityQueue] makes one.
// The order is the queue's, not the type's, which is Queue itself: the zero value is a
// plain one, first in, first out. (asyncio.PriorityQueue)
type PriorityQueue[T any] = Queue[T]

// NewPriorityQueue makes a queue that holds at most max items, without bound with
// zero or less. less orders them; of equal items the first put comes first. It is
// called while the queue is locked, and must not use it. If it panics, so does the Put or
// Get that has called it, and nothing was put or taken.
func NewPriorityQueue[T any](max int, less func(a, b T) bool) *Queue[T] {
	if less == nil {
		panic("asyncio: NewPriorityQueue needs an order")
	}
	q := &Queue[T]{max: max}
	q.items = &priorities[T]{less: less, failed: q.failed}
	return q
}

// failed passes on, with the monitor locked, the turn of who was to put or to take.
func (q *Queue[T]) failed(putting bool) {
	switch {
	case putting && !q.full():
		q.wakePutter()
	case !putting && q.n > 0:
		q.wakeGetter()
	}
}

// priorities is a binary heap; of equal items the first in is the first out. less is the
// user's and may panic: what is to be moved is found first, and moved when that is over.
type priorities[T any] struct {
	less  func(a, b T) bool
	items []ranked[T]
	count uint64
	// failed is told when less has panicked, or has exited the goroutine: an item was not
	// put, or not taken.
	failed func(putting bool)
}

type ranked[T any] struct {
	v     T
	order uint64
}

func (p *priorities[T]) before(a, b *ranked[T]) bool {
	return p.less(a.v, b.v) || a.order < b.order && !p.less(b.v, a.v)
}

func (p *priorities[T]) push(v T) {
	done := false
	defer func() {
		if !done {
			p.failed(true)
		}
	}()
	x := ranked[T]{v, p.count + 1}
	at := len(p.items)
	for at > 0 && p.before(&x, &p.items[(at-1)/2]) {
		at = (at - 1) / 2
	}
	done = true
	p.count++
	p.items = append(p.items, x)
	for i := len(p.items) - 1; i > at; i = (i - 1) / 2 {
		p.items[i] = p.items[(i-1)/2]
	}
	p.items[at] = x
}

func (p *priorities[T]) pop() T {
	done := false
	defer func() {
		if !done {
			p.failed(false)
		}
	}()
	last := len(p.items) - 1
	x := &p.items[last]      // takes the place that gets free
	n, right := 0, uint64(0) // how many move up, and which of them are right children
	for i := 0; ; n++ {
		least := -1
		for child := 2*i + 1; child <= 2*i+2 && child < last; child++ {
			if least < 0 || p.before(&p.items[child], &p.items[least]) {
				least = child
			}
		}
		if least < 0 || !p.before(&p.items[least], x) {
			break
		}
		right |= uint64(1-least%2) << n
		i = least
	}
	done = true
	top, moved := p.items[0].v, *x
	i := 0
	for level := range n {
		next := 2*i + 1 + int(right>>level&1)
		p.items[i], i = p.items[next], next
	}
	p.items[i] = moved
	p.items[last] = ranked[T]{}
	p.items = p.items[:last]
	return top
}

func (p *priorities[T]) len() int { return len(p.items) }
func (p *priorities[T]) clear()   { p.items = nil }

func (p *priorities[T]) kind() string { return "PriorityQueue" }
