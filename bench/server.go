package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
)

const answerBody = `{"id":7,"name":"Katherine Johnson","email":"katherine@example.com","born":1918,"tags":["orbits","NASA"]}`

var answer = fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(answerBody), answerBody)

// serve answers every request head with the same bytes, which costs so little that the clients set the pace. It prints
// its URL and ends with its standard input.
func serve(in io.Reader, out io.Writer) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "http://%s/\n", listener.Addr())
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go answerAll(conn)
		}
	}()
	_, err = io.Copy(io.Discard, in)
	return err
}

func answerAll(conn net.Conn) {
	defer conn.Close()
	reader := bufio.NewReader(conn)
	for {
		line, err := reader.ReadSlice('\n')
		if err != nil {
			return
		}
		if len(line) > 2 {
			continue // a line of the head; only the empty line ends it, since a GET has no body
		}
		if _, err := conn.Write(answer); err != nil {
			return
		}
	}
}

// startServer runs serve in a process of its own.
func startServer(ctx context.Context, self string) (url string, stop func(), err error) {
	command := exec.CommandContext(ctx, self, "serve")
	command.Stderr = os.Stderr
	in, err := command.StdinPipe()
	if err != nil {
		return "", nil, err
	}
	out, err := command.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := command.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		in.Close()
		_ = command.Wait()
	}
	url, err = bufio.NewReader(out).ReadString('\n')
	if err != nil {
		stop()
		return "", nil, fmt.Errorf("the server did not start: %w", err)
	}
	return strings.TrimSpace(url), stop, nil
}
