// Scenario runs a program of the scenario language and prints the trace of the Go
// library:
//
//	go run ./conformance/cmd/scenario < program.json
//
// The same program runs on CPython with conformance/oracle/oracle.py.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/asyncio-go/asyncio/conformance/scenario"
)

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "scenario: %v\n", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer) error {
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
