package engine

// list is who is in it, in the order in which they came: the tasks of a loop, its failures and
// outposts, and who ends with a context. The item lies in what is listed, so that to come
// allocates nothing, and to leave needs no search. It is a ring through root, and must not be
// copied.
type list struct{ root item }

// item is a place in one list at the most; it has no neighbours while it is in none.
type item struct{ prev, next *item }

func (k *list) add(x *item) {
	if k.root.next == nil {
		k.root = item{&k.root, &k.root}
	}
	x.prev, x.next = k.root.prev, &k.root
	x.prev.next, k.root.prev = x, x
}

// remove takes x out of the list that it is in, if any.
func (x *item) remove() {
	if x.next != nil {
		x.prev.next, x.next.prev = x.next, x.prev
		x.prev, x.next = nil, nil
	}
}

// listed reports whether x is in a list.
func (x *item) listed() bool { return x.next != nil }

// after returns who came after x, nil if nobody did, or x has left.
func (k *list) after(x *item) *item {
	if x.next == &k.root {
		return nil
	}
	return x.next
}

func (k *list) first() *item { return k.after(&k.root) }
func (k *list) empty() bool  { return k.first() == nil }
