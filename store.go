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

// priorities is a binary heap; of equal items the first in is the first out.
type priorities[T any] struct {
	less  func(a, b T) bool
	items []ranked[T]
	count uint64
}

type ranked[T any] struct {
	v     T
	order uint64
}

func (p *priorities[T]) before(a, b *ranked[T]) bool {
	return p.less(a.v, b.v) || a.order < b.order && !p.less(b.v, a.v)
}

func (p *priorities[T]) push(v T) {
	p.count++
	p.items = append(p.items, ranked[T]{v, p.count})
	for i := len(p.items) - 1; i > 0; {
		up := (i - 1) / 2
		if !p.before(&p.items[i], &p.items[up]) {
			break
		}
		p.items[i], p.items[up] = p.items[up], p.items[i]
		i = up
	}
}

func (p *priorities[T]) pop() T {
	last := len(p.items) - 1
	top := p.items[0].v
	p.items[0] = p.items[last]
	p.items[last] = ranked[T]{}
	p.items = p.items[:last]
	for i := 0; ; {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < last; child++ {
			if p.before(&p.items[child], &p.items[least]) {
				least = child
			}
		}
		if least == i {
			return top
		}
		p.items[i], p.items[least] = p.items[least], p.items[i]
		i = least
	}
}

func (p *priorities[T]) len() int { return len(p.items) }
