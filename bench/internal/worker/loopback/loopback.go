// Package loopback is an HTTP server and its clients, for handlers that are to
// be measured.
package loopback

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/asyncio-go/asyncio/bench/internal/worker/measure"
)

// Reply is what the handler is to write.
const Reply = "ok\n"

const clients = 16

// Measure serves a handler on the loopback interface and measures requests of
// clients that keep their connections, which are made before. The clients are as
// simple as can be: they share the machine with the server.
func Measure(m *measure.M, handler http.Handler) (err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	defer func() {
		err = errors.Join(err, server.Close())
		if end := <-served; !errors.Is(end, http.ErrServerClosed) {
			err = errors.Join(err, end)
		}
	}()

	var all [clients]*client
	for i := range all {
		if all[i], err = dial(listener.Addr().String()); err != nil {
			return err
		}
		defer all[i].close()
		if err = all[i].ask(); err != nil {
			return err
		}
	}
	each := m.Rounds(clients)
	var asking errgroup.Group
	m.Start()
	for _, c := range all {
		asking.Go(func() error {
			for range each {
				if err := c.ask(); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err = asking.Wait(); err != nil {
		return err
	}
	m.Stop(clients * each)
	return nil
}

type client struct {
	conn net.Conn
	in   *bufio.Reader
}

func dial(addr string) (*client, error) {
	conn, err := new(net.Dialer).DialContext(context.Background(), "tcp", addr)
	if err != nil {
		return nil, err
	}
	return &client{conn, bufio.NewReader(conn)}, nil
}

// ask makes a request and reads its answer.
func (c *client) ask() error {
	if _, err := c.conn.Write([]byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")); err != nil {
		return err
	}
	status, err := c.in.ReadSlice('\n')
	if err != nil {
		return err
	}
	if !strings.HasPrefix(string(status), "HTTP/1.1 200 ") {
		return fmt.Errorf("the server answers %q", status)
	}
	for { // headers
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) == len("\r\n") {
			break
		}
	}
	body, err := c.in.ReadSlice('\n')
	if err == nil && string(body) != Reply {
		err = fmt.Errorf("the server answers %q", body)
	}
	return err
}

func (c *client) close() { _ = c.conn.Close() } // all its answers are there
