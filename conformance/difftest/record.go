package difftest

import (
	"cmp"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
)

// Record is a program with the trace that CPython gives for it.
type Record struct {
	Number  uint64          `json:"-"` // of the program
	Program json.RawMessage `json:"program"`
	Trace   []string        `json:"trace"`
}

// WriteRecords writes records to a file, in the order of their numbers.
func WriteRecords(name string, records []Record) (err error) {
	slices.SortFunc(records, func(a, b Record) int { return cmp.Compare(a.Number, b.Number) })
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	z, err := gzip.NewWriterLevel(file, gzip.BestCompression)
	if err != nil {
		return err
	}
	e := json.NewEncoder(z)
	e.SetEscapeHTML(false)
	for _, r := range records {
		if err := e.Encode(r); err != nil {
			return err
		}
	}
	return z.Close()
}

// ReadRecords reads what WriteRecords has written.
func ReadRecords(name string) (records []Record, err error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	z, err := gzip.NewReader(file)
	if err != nil {
		return nil, err
	}
	for d := json.NewDecoder(z); ; {
		var r Record
		switch err := d.Decode(&r); {
		case errors.Is(err, io.EOF):
			return records, nil
		case err != nil:
			return nil, err
		}
		records = append(records, r)
	}
}
