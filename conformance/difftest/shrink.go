package difftest

import (
	"encoding/json"

	"github.com/asyncio-go/asyncio/conformance/scenario"
)

// Shrink makes a program as small as it can while differs still holds of it. It
// asks about valid programs only.
func Shrink(p *program, differs func(*program) bool) *program {
	for smaller := true; smaller; {
		smaller = false
		for i := 0; ; i++ {
			candidate := clone(p)
			if !edit(candidate, i) {
				break
			}
			if candidate, err := scenario.Parse(encode(candidate)); err == nil && differs(candidate) {
				p, smaller = candidate, true
				i-- // what is now in this place
			}
		}
	}
	return p
}

func encode(p *program) []byte {
	data, err := json.Marshal(p)
	if err != nil {
		panic(err) // it has nothing that JSON lacks
	}
	return data
}

func clone(p *program) *program {
	c := &program{}
	if err := json.Unmarshal(encode(p), c); err != nil {
		panic(err)
	}
	return c
}

// edit makes the n-th of all the ways to make p smaller; false if there are less.
func edit(p *program, n int) bool {
	try := func(possible bool, change func()) bool {
		if !possible {
			return false
		}
		if n--; n < 0 {
			change()
			return true
		}
		return false
	}
	for _, name := range sortedNames(p.Objects) {
		if try(true, func() { delete(p.Objects, name) }) {
			return true
		}
	}
	for _, name := range sortedNames(p.Coroutines) {
		if try(true, func() { delete(p.Coroutines, name) }) {
			return true
		}
	}
	done := false
	lists(p, func(list *[]*op) {
		for i := 0; i < len(*list) && !done; i++ {
			o := (*list)[i]
			rest := func(with ...*op) func() {
				return func() { *list = append(append((*list)[:i:i], with...), (*list)[i+1:]...) }
			}
			done = try(true, rest()) ||
				try(len(o.Do) > 0, rest(o.Do...)) ||
				try(len(o.Then) > 0, func() { o.Then = []*op{} }) ||
				try(o.Finally != nil, func() { o.Finally = nil }) ||
				try(o.Catch == "cancelled" || o.Catch == "error", func() { o.Catch = "any" }) ||
				try(o.Eager, func() { o.Eager = false }) ||
				try(o.Op == "create" && o.Group != "", func() { o.Group = "" }) ||
				try(o.Message != nil, func() { o.Message = nil }) ||
				try(o.Value != nil && o.Op == "return", func() { o.Value = nil }) ||
				try(o.Timeout != nil, func() { o.Timeout = nil }) ||
				try(o.ReturnWhen != "", func() { o.ReturnWhen = "" }) ||
				try(o.ReturnExceptions, func() { o.ReturnExceptions = false }) ||
				try(o.Priority != nil, func() { o.Priority = nil }) ||
				try(o.Take != nil, func() { o.Take = nil })
			for j := 0; j < len(o.All) && !done; j++ {
				done = try(true, func() { o.All = append(o.All[:j:j], o.All[j+1:]...) })
			}
			for _, number := range []*int{o.After, o.At, o.For, o.N, o.Times, o.Timeout} {
				done = done || try(number != nil && *number > 0, func() { *number-- })
			}
		}
	})
	return done
}

// lists calls f for every list of operations.
func lists(p *program, f func(*[]*op)) {
	for _, name := range sortedNames(p.Coroutines) {
		list := p.Coroutines[name]
		f(&list)
		p.Coroutines[name] = list
	}
	f(&p.Main)
	p.Walk(func(o *op) {
		f(&o.Do)
		f(&o.Then)
		f(&o.Finally)
	})
}
