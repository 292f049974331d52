package engine

import (
	"context"
	"reflect"
)

// A task keeps the context that it was created with for its values, but not its creator,
// with the result of that: of a chain of context.WithValue above the creator it makes one
// above what the creator has its own values from.

// valued is what context.WithValue makes, as far as valuedType has been found to be that.
type valued struct {
	context.Context
	key, val any
}

// valuedType is the type of a pointer to it, nil if it is made in another way in this Go:
// then creators are kept.
var valuedType = func() reflect.Type {
	made, mine := reflect.TypeOf(context.WithValue(context.Background(), nodeKey{}, nil)), reflect.TypeFor[valued]()
	if made.Kind() != reflect.Pointer || made.Elem().Kind() != reflect.Struct || made.Elem().NumField() != mine.NumField() {
		return nil
	}
	for i := range mine.NumField() {
		a, b := made.Elem().Field(i), mine.Field(i)
		if a.Name != b.Name || a.Type != b.Type || a.Offset != b.Offset {
			return nil
		}
	}
	return made
}()

// mostValues bounds the copies.
const mostValues = 32

// valuesOf returns ctx, above creator, without creator; or ctx itself, if there is more in
// between than values, and windows and shields, which bind no task.
func valuesOf(ctx context.Context, creator *Task) context.Context {
	var chain [mostValues]*valued
	n := 0
	for below := ctx; below != context.Context(creator); {
		switch x := below.(type) {
		case *Window:
			below = x.parent
			continue
		case *Shield:
			below = x.parent
			continue
		}
		if n == mostValues || reflect.TypeOf(below) != valuedType {
			return ctx
		}
		x := (*valued)(reflect.ValueOf(below).UnsafePointer())
		chain[n], below = x, x.Context
		n++
	}
	ctx = creator.values
	for n--; n >= 0; n-- {
		ctx = context.WithValue(ctx, chain[n].key, chain[n].val)
	}
	return ctx
}
