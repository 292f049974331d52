// Scenario runs a program of the scenario language and prints the trace of the Go
// library:
//
//	go run ./conformance/cmd/scenario < program.json
//
// With -serve it reads one program a line and answers each with a line, {"trace": [...]}
// or {"error": "..."}. The same programs run on CPython with conformance/oracle/oracle.py.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/asyncio-go/asyncio/conformance/scenario"
)

func main() {
	serving := flag.Bool("serve", false, "run one program a line")
	recording := flag.Bool("record", false, "record stories, in the files that are named, anew")
	r := &recorder{}
	flag.BoolVar(&r.check, "check", false, "compare stories with CPython")
	flag.StringVar(&r.python, "python", "pyodide", "the `command` of the CPython to record, as for difftest")
	flag.StringVar(&r.oracle, "oracle", "conformance/oracle", "the `directory` of the oracle")
	flag.Parse()
	var err error
	switch {
	case *recording || r.check:
		err = r.files(flag.Args())
	case *serving:
		err = serve(os.Stdin, os.Stdout)
	default:
		err = once(os.Stdin, os.Stdout)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "scenario: %v\n", err)
		os.Exit(1)
	}
}

func once(in io.Reader, out io.Writer) error {
	data, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	p, err := scenario.Parse(data)
	if err != nil {
		return err
	}
	for _, line := range scenario.Run(p).Trace {
		if _, err := fmt.Fprintln(out, line); err != nil {
			return err
		}
	}
	return nil
}

// answer is what serve says to a program.
type answer struct {
	Trace []string `json:"trace,omitempty"`
	Error string   `json:"error,omitempty"`
}

func serve(in io.Reader, out io.Writer) error {
	lines := bufio.NewReader(in)
	answers := json.NewEncoder(out)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var a answer
			if p, err := scenario.Parse(line); err != nil {
				a.Error = err.Error()
			} else {
				a.Trace = scenario.Run(p).Trace
			}
			if err := answers.Encode(a); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
