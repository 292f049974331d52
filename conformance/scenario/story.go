package scenario

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Story is a program as people write and read it, and what it does. A file has many:
//
//	=== a lock is handed on in the order asked
//	# Who asks first is served first.
//	lock l
//
//	def worker
//	  with l
//	    sleep 1
//
//	create a worker
//	create b worker
//	await b
//	---
//	0 main  start; create a worker; create b worker
//	0 a     start; with l in
//	...
//
// The objects come first, then coroutines, each under its "def", then main. An operation
// is its name and its fields in the order of language.json, or as name=value; the name of a
// field that is true or false says that it is true. A list of names has commas, or is "-";
// a value with spaces has quotes. What a block runs is indented, and may be nothing; a try
// goes on with "catch" (of what) and "finally". What follows a "#" at the start of a line
// is for the reader.
//
// After the "---" is the trace: a row for each step, with its moment and whose it is.
type Story struct {
	Name    string
	Program *Program
	JSON    []byte // the program
	Trace   []string
	written string // all above the trace
}

// Stories is what is in a file.
type Stories struct {
	before string // all above the first
	All    []*Story
}

// ReadStories reads a file of stories.
func ReadStories(file string) (*Stories, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	ss, err := ParseStories(string(data))
	if err != nil {
		return nil, fmt.Errorf("%s:%w", file, err)
	}
	return ss, nil
}

// ParseStories reads stories. Its error begins with the number of the line.
func ParseStories(text string) (*Stories, error) {
	parts := strings.Split("\n"+text, "\n=== ")
	ss := &Stories{before: strings.TrimPrefix(parts[0]+"\n", "\n")}
	names := map[string]bool{}
	line := 1 + strings.Count(ss.before, "\n")
	for _, part := range parts[1:] {
		s, err := parseStory("=== "+part+"\n", line)
		if err != nil {
			return nil, err
		}
		if names[s.Name] {
			return nil, fmt.Errorf("%d: a second %q", line, s.Name)
		}
		names[s.Name] = true
		ss.All = append(ss.All, s)
		line += 1 + strings.Count(part, "\n")
	}
	return ss, nil
}

// String is the file.
func (ss *Stories) String() string {
	var b strings.Builder
	b.WriteString(ss.before)
	for i, s := range ss.All {
		if i > 0 {
			b.WriteString("\n")
		}
		b.WriteString(s.written)
		b.WriteString("---\n")
		writeTrace(&b, s.Trace)
	}
	return b.String()
}

func parseStory(text string, first int) (*Story, error) {
	written, trace, _ := strings.Cut(text, "\n---\n")
	written = strings.TrimRight(written, "\n") + "\n"
	title, body, _ := strings.Cut(written, "\n")
	s := &Story{Name: strings.TrimSpace(strings.TrimPrefix(title, "===")), written: written, Trace: readTrace(trace)}
	tree, err := parseText(body, first+1)
	if err != nil {
		return nil, err
	}
	if s.JSON, err = json.Marshal(tree); err != nil {
		return nil, err
	}
	if s.Program, err = Parse(s.JSON); err != nil {
		return nil, fmt.Errorf("%d: %s: %w", first, s.Name, err)
	}
	return s, nil
}

// node is something as JSON has it.
type node = map[string]any

// textLine is a line of a program.
type textLine struct {
	n      int // its number
	indent int
	words  []textWord
}

type textWord struct {
	text   string
	field  string // of name=value
	quoted bool
}

func (l *textLine) is(word string) bool { return l.words[0].text == word && l.words[0].field == "" }

func (l *textLine) errorf(format string, args ...any) error {
	return fmt.Errorf("%d: %s", l.n, fmt.Sprintf(format, args...))
}

// parseText makes a program, as JSON has it, of the text of a story.
func parseText(text string, first int) (node, error) {
	var lines []*textLine
	for i, t := range strings.Split(text, "\n") {
		trimmed := strings.TrimLeft(t, " ")
		if trimmed == "" || trimmed[0] == '#' {
			continue
		}
		l := &textLine{n: first + i, indent: len(t) - len(trimmed)}
		var err error
		if l.words, err = words(trimmed); err != nil {
			return nil, l.errorf("%v", err)
		}
		lines = append(lines, l)
	}
	r := &textReader{lines: lines}
	objects, coroutines, main := node{}, node{}, []any{}
	for r.more(0) {
		l := r.lines[0]
		spec, object := Language.Objects[l.words[0].text]
		switch {
		case l.indent > 0:
			return nil, l.errorf("is indented")
		case object && len(l.words) > 1:
			r.next()
			o, err := l.fields(spec, node{"kind": l.words[0].text}, 2)
			if err != nil {
				return nil, err
			}
			objects[l.words[1].text] = o
		case l.is("def") && len(l.words) == 2:
			r.next()
			ops, err := r.block(l.indent)
			if err != nil {
				return nil, err
			}
			coroutines[l.words[1].text] = ops
		default:
			op, err := r.op()
			if err != nil {
				return nil, err
			}
			main = append(main, op)
		}
	}
	return node{"objects": objects, "coroutines": coroutines, "main": main}, nil
}

// words splits a line.
func words(line string) (all []textWord, err error) {
	for line = strings.TrimLeft(line, " "); line != ""; line = strings.TrimLeft(line, " ") {
		var w textWord
		if name, rest, ok := strings.Cut(line, "="); ok && nameForm.MatchString(name) {
			w.field, line = name, rest
		}
		if strings.HasPrefix(line, `"`) {
			quoted, err := strconv.QuotedPrefix(line)
			if err != nil {
				return nil, fmt.Errorf("bad quotes at %s", line)
			}
			w.text, err = strconv.Unquote(quoted)
			if err != nil {
				return nil, err
			}
			w.quoted, line = true, line[len(quoted):]
		} else {
			w.text, line, _ = strings.Cut(line, " ")
		}
		all = append(all, w)
	}
	return all, nil
}

type textReader struct{ lines []*textLine }

// more reports whether the next line belongs to a block of this indent.
func (r *textReader) more(indent int) bool { return len(r.lines) > 0 && r.lines[0].indent >= indent }

func (r *textReader) next() *textLine {
	l := r.lines[0]
	r.lines = r.lines[1:]
	return l
}

// block reads the operations that are further in than outer.
func (r *textReader) block(outer int) ([]any, error) {
	ops := []any{}
	inner := outer + 1
	for r.more(outer + 1) {
		if l := r.lines[0]; len(ops) == 0 {
			inner = l.indent
		} else if l.indent != inner {
			return nil, l.errorf("is indented otherwise than what it follows")
		}
		op, err := r.op()
		if err != nil {
			return nil, err
		}
		ops = append(ops, op)
	}
	return ops, nil
}

// op reads an operation and what is inside.
func (r *textReader) op() (node, error) {
	l := r.next()
	name := l.words[0].text
	spec, known := Language.Ops[name]
	if !known {
		return nil, l.errorf("there is no operation %q", name)
	}
	op, err := l.fields(spec, node{"op": name}, 1)
	if err != nil {
		return nil, err
	}
	inside := func(field string) (err error) {
		op[field], err = r.block(l.indent)
		return err
	}
	if r.more(l.indent+1) || spec.mustDo(op) {
		if err := inside("do"); err != nil {
			return nil, err
		}
	}
	for name == "try" && r.more(l.indent) {
		switch clause := r.lines[0]; {
		case clause.is("catch"):
			if len(clause.words) > 1 {
				op["catch"] = clause.words[1].text
			}
			r.next()
			err = inside("then")
		case clause.is("finally"):
			r.next()
			err = inside("finally")
		default:
			return op, nil
		}
		if err != nil {
			return nil, err
		}
	}
	return op, nil
}

// fields adds the fields that the words from some on give.
func (l *textLine) fields(spec Spec, to node, from int) (node, error) {
	for _, w := range l.words[from:] {
		f, err := w.of(spec, to)
		if err != nil {
			return nil, l.errorf("%v", err)
		}
		switch kind, _ := f.kind(); {
		case kind == "bool":
			to[f.Name] = w.text != "false"
		case kind == "refs":
			names := []any{}
			for name := range strings.SplitSeq(w.text, ",") {
				if w.text != "-" {
					names = append(names, name)
				}
			}
			to[f.Name] = names
		case numbers[kind] != [2]int{}:
			n, err := strconv.Atoi(w.text)
			if err != nil {
				return nil, l.errorf("%s: %q is no number", f.Name, w.text)
			}
			to[f.Name] = n
		default:
			to[f.Name] = w.text
		}
	}
	return to, nil
}

// of finds the field that a word gives, after those that are there already.
func (w textWord) of(spec Spec, given node) (Field, error) {
	for _, f := range spec.Fields {
		kind, _ := f.kind()
		if f.Name == w.field || kind == "bool" && f.Name == w.text && w.field == "" && !w.quoted {
			return f, nil
		}
	}
	if w.field != "" {
		return Field{}, fmt.Errorf("no field %q", w.field)
	}
	for _, f := range spec.Fields {
		kind, _ := f.kind()
		if _, there := given[f.Name]; !there && kind != "bool" && !f.holdsOps() {
			return f, nil
		}
	}
	return Field{}, fmt.Errorf("no field is left for %q", w.text)
}

// traceWidth is where a row of a trace goes on in the next line.
const traceWidth = 100

// readTrace makes lines of rows.
func readTrace(text string) (trace []string) {
	var rows []string
	for line := range strings.SplitSeq(text, "\n") {
		switch t := strings.TrimSpace(line); {
		case t == "":
		case line[0] == ' ':
			rows[len(rows)-1] += " " + t
		default:
			rows = append(rows, t)
		}
	}
	for _, row := range rows {
		moment, rest, _ := strings.Cut(row, " ")
		who, rest, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
		for item := range strings.SplitSeq(strings.TrimLeft(rest, " "), "; ") {
			trace = append(trace, moment+" "+who+" "+item)
		}
	}
	return trace
}

// writeTrace makes rows of lines.
func writeTrace(b *strings.Builder, trace []string) {
	var heads []string
	var rows [][]string // of each head
	width := [2]int{}
	for _, line := range trace {
		parts := append(strings.SplitN(line, " ", 3), "", "")
		head := parts[0] + " " + parts[1]
		if len(heads) == 0 || heads[len(heads)-1] != head {
			heads, rows = append(heads, head), append(rows, nil)
			width[0], width[1] = max(width[0], len(parts[0])), max(width[1], len(parts[1]))
		}
		last := len(rows) - 1
		rows[last] = append(rows[last], parts[2])
	}
	for i, head := range heads {
		moment, who, _ := strings.Cut(head, " ")
		line := fmt.Sprintf("%-*s %-*s ", width[0], moment, width[1], who)
		in := strings.Repeat(" ", len(line))
		for j, item := range rows[i] {
			if j > 0 {
				line += ";"
				if len(line)+1+len(item) > traceWidth {
					b.WriteString(line + "\n")
					line = in
				}
			}
			line += " " + item
		}
		b.WriteString(line + "\n")
	}
}
