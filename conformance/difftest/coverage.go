package difftest

import (
	"bufio"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/coverage"
	"slices"
	"strings"
)

// Block is a run of statements of the library.
type Block struct {
	File       string // from the root of the module
	Line       int
	Func       string
	Statements int
	Reached    bool
}

const module = "github.com/asyncio-go/asyncio/"

// Coverage returns what this process has reached so far of the packages it was built to
// cover (go build -covermode=atomic -coverpkg), in the order of files and lines. root is the root of
// the module.
func Coverage(root string) ([]Block, error) {
	dir, err := os.MkdirTemp("", "coverage")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := coverage.WriteMetaDir(dir); err != nil {
		return nil, err
	}
	if err := coverage.WriteCountersDir(dir); err != nil {
		return nil, err
	}
	profile := filepath.Join(dir, "profile")
	if out, err := exec.Command("go", "tool", "covdata", "textfmt", "-i", dir, "-o", profile).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go tool covdata: %w: %s", err, out)
	}
	blocks, err := readProfile(profile)
	if err != nil {
		return nil, err
	}
	return blocks, name(blocks, root)
}

// readProfile reads lines like "path/file.go:3.14,5.16 2 1": where, how many statements,
// how often.
func readProfile(profile string) (blocks []Block, err error) {
	f, err := os.Open(profile)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		where, counts, _ := strings.Cut(lines.Text(), " ")
		file, position, found := strings.Cut(where, ".go:")
		if !found || strings.Contains(file, "/conformance/") {
			continue // the mode, or the command itself
		}
		b := Block{File: strings.TrimPrefix(file, module) + ".go"}
		var count int
		if _, err := fmt.Sscanf(position, "%d.", &b.Line); err != nil {
			return nil, fmt.Errorf("%s: %w", lines.Text(), err)
		}
		if _, err := fmt.Sscanf(counts, "%d %d", &b.Statements, &count); err != nil {
			return nil, fmt.Errorf("%s: %w", lines.Text(), err)
		}
		b.Reached = count > 0
		blocks = append(blocks, b)
	}
	slices.SortFunc(blocks, func(a, b Block) int {
		if a.File != b.File {
			return strings.Compare(a.File, b.File)
		}
		return a.Line - b.Line
	})
	return blocks, lines.Err()
}

// name fills in the functions of blocks.
func name(blocks []Block, root string) error {
	set := token.NewFileSet()
	files := map[string]*ast.File{}
	for i, b := range blocks {
		file, ok := files[b.File]
		if !ok {
			var err error
			if file, err = parser.ParseFile(set, filepath.Join(root, b.File), nil, 0); err != nil {
				return err
			}
			files[b.File] = file
		}
		for _, d := range file.Decls {
			if set.Position(d.Pos()).Line <= b.Line && b.Line <= set.Position(d.End()).Line {
				blocks[i].Func = declared(d)
			}
		}
	}
	return nil
}

// declared is the name of a function, as in "Loop.Run", or "var" for what stands outside.
func declared(d ast.Decl) string {
	f, ok := d.(*ast.FuncDecl)
	if !ok {
		return "var"
	}
	if f.Recv == nil {
		return f.Name.Name
	}
	t := f.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.Ident:
			return x.Name + "." + f.Name.Name
		default:
			return f.Name.Name
		}
	}
}
