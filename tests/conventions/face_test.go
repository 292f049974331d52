// The conventions of the repository, as tests: what a change must bring along, by the
// failure that names it. CONTRIBUTING.md has the list.
package conventions_test

import (
	"go/ast"
	"go/doc"
	"go/token"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// name is an exported name of the package: a type, function, constant, variable or, as
// Queue.Put, a method.
type name struct {
	full  string
	doc   string
	of    string        // the type of a method,
	makes []string      // and the functions that return one
	decl  *ast.FuncDecl // nil unless it is a function or method
	spec  *ast.TypeSpec // nil unless it is a type
}

// last is what it is called where it is used.
func (n name) last() string { return n.full[strings.LastIndexByte(n.full, '.')+1:] }

// face returns the exported names of the package.
func face(t *testing.T) []name {
	var files []*ast.File
	set := token.NewFileSet()
	for _, file := range filesIn(t, ".", ".go") {
		if !strings.HasSuffix(file, "_test.go") {
			files = append(files, parse(t, set, file))
		}
	}
	d, err := doc.NewFromFiles(set, files, "github.com/asyncio-go/asyncio")
	if err != nil {
		t.Fatal(err)
	}
	var all []name
	values := func(vs []*doc.Value) {
		for _, v := range vs {
			for _, s := range v.Decl.Specs {
				s := s.(*ast.ValueSpec)
				for _, id := range s.Names {
					if id.IsExported() {
						all = append(all, name{full: id.Name, doc: v.Doc + "\n\n" + s.Doc.Text()})
					}
				}
			}
		}
	}
	funcs := func(fs []*doc.Func) {
		for _, f := range fs {
			all = append(all, name{full: f.Name, doc: f.Doc, decl: f.Decl})
		}
	}
	values(d.Consts)
	values(d.Vars)
	funcs(d.Funcs)
	for _, typ := range d.Types {
		all = append(all, name{full: typ.Name, doc: typ.Doc, spec: typ.Decl.Specs[0].(*ast.TypeSpec)})
		values(typ.Consts)
		values(typ.Vars)
		funcs(typ.Funcs)
		var makes []string
		for _, f := range typ.Funcs {
			makes = append(makes, f.Name)
		}
		for _, f := range typ.Methods {
			all = append(all, name{typ.Name + "." + f.Name, f.Doc, typ.Name, makes, f.Decl, nil})
		}
	}
	if len(all) < 200 {
		t.Fatalf("%d names found", len(all))
	}
	return all
}

// forGo reports whether it is a method that the standard library asks for and calls.
func (n name) forGo() bool {
	return n.of != "" && slices.Contains([]string{
		"Error", "Is", "As", "Unwrap", "Timeout", "String", "GoString", "Format", "LogValue",
	}, n.last())
}

// Who comes from asyncio is told of each name what it is called there, or that there is no
// such thing.
func TestEachNameSaysWhatItIsInAsyncio(t *testing.T) {
	names := face(t)
	says := map[string]bool{}
	for _, n := range names {
		says[n.full] = counterpart(n.doc)
	}
	table := differences(t)
	for _, n := range names {
		made := strings.TrimPrefix(n.full, "New") // a constructor is its type's
		referred := sameAs.FindStringSubmatch(n.doc)
		switch {
		case says[n.full], says[made], n.forGo(), table[n.full]:
		case referred != nil && (says[referred[1]] || table[referred[1]]):
		default:
			t.Errorf("%s does not say what it is in asyncio: end a paragraph of its comment with that in parentheses, as "+
				"(Queue.put), or with (not in asyncio), or name it in a row of the table in docs/from-asyncio.md", n.full)
		}
	}
}

// What has a String has a GoString: %#v would print by reflection all that is inside, read
// while others write it.
func TestWhatIsPrintedShowsNothingInside(t *testing.T) {
	names := face(t)
	for _, n := range names {
		typ, isString := strings.CutSuffix(n.full, ".String")
		if !isString || typ == "Origin" { // a number
			continue
		}
		if !slices.ContainsFunc(names, func(n name) bool { return n.full == typ+".GoString" }) {
			t.Errorf("%s has a String and no GoString", typ)
		}
	}
}

// What is something in asyncio, by whatever name, stands in the guide for those who come
// from there.
func TestGuideHasWhatAsyncioHas(t *testing.T) {
	guide := read(t, "docs/from-asyncio.md")
	for _, n := range face(t) {
		if n.forGo() || strings.Contains(strings.ReplaceAll(n.doc, "\n", " "), "(not in asyncio") {
			continue
		}
		if !regexp.MustCompile(`\b` + n.last() + `\b`).MatchString(guide) {
			t.Errorf("docs/from-asyncio.md does not have %s: show it there beside what asyncio has", n.full)
		}
	}
}

// counterpart reports whether a paragraph of a comment ends with something of Python's in
// parentheses.
func counterpart(doc string) bool {
	for p := range strings.SplitSeq(doc, "\n\n") {
		m := inParentheses.FindStringSubmatch(strings.ReplaceAll(strings.TrimSpace(p), "\n", " "))
		if m != nil && !strings.Contains(m[1], "[") && pythons.MatchString(m[1]) {
			return true
		}
	}
	return false
}

var (
	inParentheses = regexp.MustCompile(`\(([^()]*(?:\([^()]*\)[^()]*)*)\)\.?$`)
	pythons       = regexp.MustCompile(`asyncio|\bawait |\basync |\b[A-Za-z]+\.[a-z_]+|\w=|Error\b|\b[A-Z]\w+Group\b|KeyboardInterrupt|\bNone\b`)
	// sameAs are the ways in which a comment leaves all to that of another name.
	sameAs = regexp.MustCompile(`(?s)^\w+ is (?:as of |that of the lock: see )?\[([\w.]+)\](?: as an option)?\.`)
)

// differences are the names in the first cells of the table of differences.
func differences(t *testing.T) map[string]bool {
	_, table, found := strings.Cut(read(t, "docs/from-asyncio.md"), "\n## Every deliberate difference\n")
	if !found {
		t.Fatal("the guide has no table of differences")
	}
	all := map[string]bool{}
	for line := range strings.Lines(table) {
		difference, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " | ")
		for i, n := range strings.Split(difference, "`") {
			if i%2 == 1 {
				all[n] = true
			}
		}
	}
	return all
}
