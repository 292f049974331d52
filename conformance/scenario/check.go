package scenario

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Limits of the language.
const (
	maxDepth      = 30
	maxCoroutines = 100
	maxNested     = 100       // lists of operations that run inside each other
	maxWaiting    = 200       // tasks that pass cancellations on
	budget        = 20_000    // operations in a run
	horizon       = 1_000_000 // the last moment
)

var (
	nameForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,31}$`)
	textForm = regexp.MustCompile(`^[ -~]{0,64}$`)
	numbers  = map[string][2]int{
		"count":    {0, 1000},
		"places":   {1, 1000},
		"duration": {-10_000, 10_000},
		"number":   {-1_000_000, 1_000_000},
	}
)

// Parse reads a program. Its error names the place of what is wrong.
func Parse(data []byte) (*Program, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var tree any
	if err := d.Decode(&tree); err != nil {
		return nil, fmt.Errorf("program: %w", err)
	}
	if d.More() {
		return nil, errors.New("program: there is more after its end")
	}
	if err := check(tree); err != nil {
		return nil, err
	}
	p := &Program{}
	// From the tree that was checked: the text may have a key twice.
	if data, err := json.Marshal(tree); err != nil {
		return nil, fmt.Errorf("program: %w", err)
	} else if err := json.Unmarshal(data, p); err != nil {
		return nil, fmt.Errorf("program: %w", err)
	}
	p.describe(tree)
	return p, nil
}

// checker checks a program as JSON has it.
type checker struct {
	declared map[string]declaration
	refs     []reference
	calls    map[string][]string // by coroutine
}

type declaration struct{ kind, path string }

type reference struct {
	path  string
	kinds []string
	name  string
}

// bad is how a check fails; check recovers it.
type bad struct{ error }

func fail(path, format string, args ...any) {
	panic(bad{errors.New(path + ": " + fmt.Sprintf(format, args...))})
}

func check(tree any) (err error) {
	defer func() {
		switch v := recover().(type) {
		case nil:
		case bad:
			err = v.error
		default:
			panic(v)
		}
	}()
	c := &checker{
		declared: map[string]declaration{"main": {"task", "main"}, "self": {"task", "self"}},
		calls:    map[string][]string{},
	}
	c.program(tree)
	return nil
}

func (c *checker) program(tree any) {
	p := object("program", tree)
	for _, key := range sorted(p) {
		if !slices.Contains([]string{"about", "objects", "coroutines", "main"}, key) {
			fail("program", "unknown field %s", quoted(key))
		}
	}
	if _, ok := p["main"]; !ok {
		fail("program", "main is missing")
	}
	if about, ok := p["about"]; ok {
		if _, ok := about.(string); !ok {
			fail("about", "want a string")
		}
	}
	objects, coroutines := map[string]any{}, map[string]any{}
	if v, ok := p["objects"]; ok {
		objects = object("objects", v)
	}
	if v, ok := p["coroutines"]; ok {
		coroutines = object("coroutines", v)
	}
	for _, name := range sorted(objects) {
		c.object("objects."+name, name, objects[name])
	}
	if len(coroutines) > maxCoroutines {
		fail("coroutines", "more than %d", maxCoroutines)
	}
	for _, name := range sorted(coroutines) {
		c.declare("coroutines."+name, "coroutine", name)
	}
	for _, name := range sorted(coroutines) {
		var calls []string
		c.ops("coroutines."+name, coroutines[name], place{calls: &calls})
		c.calls[name] = calls
	}
	c.ops("main", p["main"], place{calls: &[]string{}})
	for _, r := range c.refs {
		have, ok := c.declared[r.name]
		if !ok {
			fail(r.path, "there is no %s named %s", strings.Join(r.kinds, " or "), quoted(r.name))
		}
		if !slices.Contains(r.kinds, have.kind) {
			fail(r.path, "%s is a %s, want a %s", r.name, have.kind, strings.Join(r.kinds, " or a "))
		}
	}
	fine := map[string]bool{}
	for _, name := range sorted(coroutines) {
		c.cycle(name, nil, fine)
	}
}

func object(path string, v any) map[string]any {
	o, ok := v.(map[string]any)
	if !ok {
		fail(path, "want an object")
	}
	return o
}

func (c *checker) declare(path, kind, name string) {
	if !nameForm.MatchString(name) {
		fail(path, "%s is no name: want letters, digits and _, at most 32, no digit first", quoted(name))
	}
	if have, ok := c.declared[name]; ok {
		fail(path, "%s is declared already, at %s", name, have.path)
	}
	c.declared[name] = declaration{kind, path}
}

func (c *checker) object(path, name string, v any) {
	o := object(path, v)
	kind, ok := o["kind"].(string)
	spec, known := Language.Objects[kind]
	if !ok || !known {
		fail(path, "unknown kind %s", quoted(o["kind"]))
	}
	c.declare(path, kind, name)
	c.fields(path, o, "kind", spec, place{})
}

// place is where operations stand.
type place struct {
	depth    int
	callback bool
	caught   bool // in a then
	calls    *[]string
}

func (c *checker) ops(path string, v any, at place) {
	ops, ok := v.([]any)
	if !ok {
		fail(path, "want a list of operations")
	}
	if at.depth > maxDepth {
		fail(path, "nested more than %d deep", maxDepth)
	}
	for i, v := range ops {
		path := fmt.Sprintf("%s[%d]", path, i)
		op := object(path, v)
		name, ok := op["op"].(string)
		spec, known := Language.Ops[name]
		if !ok || !known {
			fail(path, "unknown operation %s", quoted(op["op"]))
		}
		if at.callback && (spec.Waits || spec.In == "task") {
			fail(path, "%s is for tasks, not for callbacks", name)
		}
		if name == "reraise" && !at.caught {
			fail(path, "reraise outside of a then")
		}
		c.fields(path, op, "op", spec, at)
	}
}

func (c *checker) fields(path string, node map[string]any, tag string, spec Spec, at place) {
	for _, name := range sorted(node) {
		if name != tag && !slices.ContainsFunc(spec.Fields, func(f Field) bool { return f.Name == name }) {
			fail(path, "unknown field %s", quoted(name))
		}
	}
	for _, f := range spec.Fields {
		v, given := node[f.Name]
		if given {
			inside := at
			inside.caught = at.caught || f.Name == "then"
			c.value(path+"."+f.Name, v, f, inside)
		} else if !f.Optional() {
			fail(path, "%s is missing", f.Name)
		}
	}
	count := func(fields []string) (n int) {
		for _, name := range fields {
			if _, given := node[name]; given {
				n++
			}
		}
		return n
	}
	if spec.One != nil && count(spec.One) != 1 {
		fail(path, "want one of %s", strings.Join(spec.One, " and "))
	}
	if count(spec.Most) > 1 {
		fail(path, "want at most one of %s", strings.Join(spec.Most, " and "))
	}
}

func (c *checker) value(path string, v any, f Field, at place) {
	kind, detail := f.kind()
	inside := at
	inside.depth++
	switch kind {
	case "text":
		if s, ok := v.(string); !ok || !textForm.MatchString(s) {
			fail(path, "want a string of at most 64 printable ASCII characters")
		}
	case "bool":
		if _, ok := v.(bool); !ok {
			fail(path, "want true or false")
		}
	case "enum":
		all := strings.Split(detail, "|")
		if s, ok := v.(string); !ok || !slices.Contains(all, s) {
			fail(path, "want %s", strings.Join(all, " or "))
		}
	case "new":
		c.declare(path, detail, name(path, v))
	case "ref":
		c.refs = append(c.refs, reference{path, strings.Split(detail, "|"), name(path, v)})
		if detail == "coroutine" {
			*at.calls = append(*at.calls, name(path, v))
		}
	case "refs":
		list, ok := v.([]any)
		if !ok {
			fail(path, "want a list of names")
		}
		for i, v := range list {
			c.value(fmt.Sprintf("%s[%d]", path, i), v, Field{Type: "ref:task|future"}, at)
		}
	case "ops":
		c.ops(path, v, inside)
	case "callback":
		inside.callback, inside.caught = true, false
		c.ops(path, v, inside)
	case "body":
		inside.callback, inside.caught = false, false
		c.ops(path, v, inside)
	default:
		limits := numbers[kind]
		s, ok := v.(json.Number)
		n, err := strconv.Atoi(string(s))
		if !ok || err != nil || n < limits[0] || n > limits[1] {
			fail(path, "want a whole number from %d to %d", limits[0], limits[1])
		}
	}
}

// cycle refuses a coroutine that runs itself, which would never end; fine are those that
// do not.
func (c *checker) cycle(name string, above []string, fine map[string]bool) {
	if i := slices.Index(above, name); i >= 0 {
		fail("coroutines."+name, "runs itself: %s", strings.Join(append(above[i:], name), " -> "))
	}
	if !fine[name] {
		for _, callee := range c.calls[name] {
			c.cycle(callee, append(above[:len(above):len(above)], name), fine)
		}
		fine[name] = true
	}
}

func name(path string, v any) string {
	s, ok := v.(string)
	if !ok {
		fail(path, "want a name")
	}
	return s
}

// quoted is a name as it was given, if it is one that can be shown.
func quoted(v any) string {
	if s, ok := v.(string); ok && textForm.MatchString(s) && !strings.ContainsAny(s, `"\`) {
		return `"` + s + `"`
	}
	return "(no name)"
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
