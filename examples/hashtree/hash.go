package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"sync"
)

// hashed is the result of a hash task.
type hashed struct {
	sum  [sha256.Size]byte
	size int64
}

var buffers = sync.Pool{New: func() any { return new([64 << 10]byte) }}

// hashFile runs on a goroutine and may block. Between two reads it looks
// whether it was cancelled, so that not even a large file holds up the end.
func hashFile(ctx context.Context, d disk, path string) (hashed, error) {
	file, err := d.open(ctx, path)
	if err != nil {
		return hashed{}, err
	}
	defer file.Close() //nolint:errcheck // nothing was written that it could lose

	buffer := buffers.Get().(*[64 << 10]byte)
	defer buffers.Put(buffer)
	hash := sha256.New()
	var h hashed
	for ctx.Err() == nil {
		n, err := file.Read(buffer[:])
		hash.Write(buffer[:n])
		h.size += int64(n)
		if errors.Is(err, io.EOF) {
			hash.Sum(h.sum[:0])
			return h, nil
		}
		if err != nil {
			return hashed{}, err
		}
	}
	return hashed{}, ctx.Err()
}
