package asyncio

// fifo is a ring that grows by doubling.
type fifo[T any] struct {
	buf  []T // its length is a power of two, or zero
	head int
	n    int
}

func (f *fifo[T]) push(v T) {
	if f.n == len(f.buf) {
		buf := make([]T, max(8, 2*f.n))
		n := copy(buf, f.buf[f.head:])
		copy(buf[n:], f.buf[:f.head])
		f.buf, f.head = buf, 0
	}
	f.buf[(f.head+f.n)&(len(f.buf)-1)] = v
	f.n++
}

func (f *fifo[T]) pop() T {
	var zero T
	v := f.buf[f.head]
	f.buf[f.head] = zero
	f.head = (f.head + 1) & (len(f.buf) - 1)
	if f.n--; f.n == 0 && len(f.buf) > 1<<10 {
		f.buf, f.head = nil, 0 // do not keep the memory of a burst
	}
	return v
}

func (f *fifo[T]) len() int { return f.n }

// lifo is a stack.
type lifo[T any] struct{ items []T }

func (l *lifo[T]) push(v T) { l.items = append(l.items, v) }

func (l *lifo[T]) pop() T {
	var zero T
	last := len(l.items) - 1
	v := l.items[last]
	l.items[last] = zero
	l.items = l.items[:last]
	return v
}

func (l *lifo[T]) len() int { return len(l.items) }

func (f *fifo[T]) clear() { *f = fifo[T]{} }
func (l *lifo[T]) clear() { *l = lifo[T]{} }

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
