package scenario

import (
	"encoding/json"
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
	ReturnExceptions bool `json:"return_exceptions,omitempty"`

	// Blocks.
	Do      []*Op `json:"do,omitzero"`
	Then    []*Op `json:"then,omitzero"`
	Finally []*Op `json:"finally,omitzero"`

	label string // how the trace calls it
	spec  Spec
}

// UnmarshalJSON reads an operation that was checked.
func (o *Op) UnmarshalJSON(data []byte) error {
	type plain Op
	if err := json.Unmarshal(data, (*plain)(o)); err != nil {
		return err
	}
	var given map[string]json.RawMessage
	if err := json.Unmarshal(data, &given); err != nil {
		return err
	}
	o.spec = Language.Ops[o.Op]
	words := []string{o.Op}
	for _, f := range o.spec.Fields {
		raw, ok := given[f.Name]
		if !ok || f.holdsOps() {
			continue
		}
		word := string(raw)
		switch raw[0] {
		case '"':
			if err := json.Unmarshal(raw, &word); err != nil {
				return err
			}
		case '[':
			var list []string
			if err := json.Unmarshal(raw, &list); err != nil {
				return err
			}
			word = strings.Join(list, ",")
		case '-':
			word = "-" + strings.TrimLeft(word, "-0") // -0 is 0
			if word == "-" {
				word = "0"
			}
		}
		words = append(words, word)
	}
	o.label = strings.Join(words, " ")
	return nil
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
