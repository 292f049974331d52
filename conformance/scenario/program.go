package scenario

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// Program is a program of the language. [Parse] makes one from JSON.
type Program struct {
	About      string            `json:"about,omitempty"`
	Objects    map[string]Object `json:"objects,omitempty"`
	Coroutines map[string][]*Op  `json:"coroutines,omitempty"`
	Main       []*Op             `json:"main"`
}

// Object is what a program works with from its start.
type Object struct {
	Kind    string `json:"kind"`
	Parties int    `json:"parties,omitempty"` // barrier
	Value   *int   `json:"value,omitempty"`   // semaphore, variable
	Max     int    `json:"max,omitempty"`     // queue
	Lock    string `json:"lock,omitempty"`    // condition
}

// Op is an operation. Which fields it has, and which of them must be there, is in
// language.json.
type Op struct {
	Op string `json:"op"`

	// Names.
	All       []string `json:"all,omitzero"`
	Barrier   string   `json:"barrier,omitempty"`
	Callback  string   `json:"callback,omitempty"`
	Condition string   `json:"condition,omitempty"`
	Coroutine string   `json:"coroutine,omitempty"`
	Event     string   `json:"event,omitempty"`
	Future    string   `json:"future,omitempty"`
	Group     string   `json:"group,omitempty"`
	Handle    string   `json:"handle,omitempty"`
	Lock      string   `json:"lock,omitempty"`
	Of        string   `json:"of,omitempty"`
	Queue     string   `json:"queue,omitempty"`
	Scope     string   `json:"scope,omitempty"`
	Task      string   `json:"task,omitempty"`
	Variable  string   `json:"variable,omitempty"`

	// Texts.
	Catch      string  `json:"catch,omitempty"`
	Error      *string `json:"error,omitempty"`
	Item       *string `json:"item,omitempty"`
	Message    *string `json:"message,omitempty"`
	ReturnWhen string  `json:"return_when,omitempty"`
	Text       *string `json:"text,omitempty"`
	Value      *string `json:"value,omitempty"`

	// Numbers.
	After    *int `json:"after,omitempty"`
	At       *int `json:"at,omitempty"`
	AtLeast  *int `json:"at_least,omitempty"`
	By       *int `json:"by,omitempty"`
	For      *int `json:"for,omitempty"`
	N        *int `json:"n,omitempty"`
	Priority *int `json:"priority,omitempty"`
	Take     *int `json:"take,omitempty"`
	Timeout  *int `json:"timeout,omitempty"`
	Times    *int `json:"times,omitempty"`
	To       *int `json:"to,omitempty"`

	Eager            bool `json:"eager,omitempty"`
	Immediate        bool `json:"immediate,omitempty"`
	Look             bool `json:"look,omitempty"`
	ReturnExceptions bool `json:"return_exceptions,omitempty"`

	// Blocks.
	Do      []*Op `json:"do,omitzero"`
	Then    []*Op `json:"then,omitzero"`
	Finally []*Op `json:"finally,omitzero"`

	label string // how the trace calls it
	spec  Spec
}

// block returns the operations in a field.
func (o *Op) block(field string) []*Op {
	switch field {
	case "do":
		return o.Do
	case "then":
		return o.Then
	default:
		return o.Finally
	}
}

// Decode reads a program that is known to be right: one that Parse has read before, or
// that was made from a Program.
func Decode(data []byte) (*Program, error) {
	p := &Program{}
	if err := json.Unmarshal(data, p); err != nil {
		return nil, err
	}
	var tree any
	if err := json.Unmarshal(data, &tree); err != nil {
		return nil, err
	}
	p.describe(tree)
	return p, nil
}

// describe fills in what the operations have beside their fields, from the same as JSON
// has it.
func (p *Program) describe(tree any) {
	root := tree.(map[string]any)
	describe(p.Main, root["main"])
	for name, ops := range p.Coroutines {
		describe(ops, root["coroutines"].(map[string]any)[name])
	}
}

func describe(ops []*Op, tree any) {
	for i, o := range ops {
		node := tree.([]any)[i].(map[string]any)
		o.spec = Language.Ops[o.Op]
		words := []string{o.Op}
		for _, f := range o.spec.Fields {
			switch v, given := node[f.Name]; {
			case !given:
			case f.holdsOps():
				describe(o.block(f.Name), v)
			default:
				words = append(words, word(v))
			}
		}
		o.label = strings.Join(words, " ")
	}
}

// word is how a label has a field.
func word(v any) string {
	switch v := v.(type) {
	case []any:
		words := make([]string, len(v))
		for i, x := range v {
			words[i] = word(x)
		}
		return strings.Join(words, ",")
	case float64:
		return strconv.Itoa(int(v)) // it was checked to be a whole number, and a small one
	case json.Number:
		n, _ := strconv.Atoi(string(v)) // likewise
		return strconv.Itoa(n)
	default:
		return fmt.Sprint(v)
	}
}

// Walk calls f for every operation, outer before inner.
func (p *Program) Walk(f func(*Op)) {
	for _, name := range sorted(p.Coroutines) {
		walk(p.Coroutines[name], f)
	}
	walk(p.Main, f)
}

func walk(ops []*Op, f func(*Op)) {
	for _, op := range ops {
		f(op)
		walk(op.Do, f)
		walk(op.Then, f)
		walk(op.Finally, f)
	}
}
