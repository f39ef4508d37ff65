package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// getLoop is loop.js in Go: arguments URL N CONCURRENCY.
func getLoop(args []string, out io.Writer) error {
	if len(args) != 3 {
		return fmt.Errorf("get needs URL N CONCURRENCY")
	}
	n, err := strconv.ParseInt(args[1], 10, 64)
	if err != nil {
		return err
	}
	concurrency, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = concurrency // two by default: the others would be dialled again each time
	client := &http.Client{Transport: transport}

	var started, count atomic.Int64
	errs := make(chan error, concurrency)
	var workers sync.WaitGroup
	begun := time.Now()
	for range concurrency {
		workers.Go(func() {
			for started.Add(1) <= n {
				if err := getOne(client, args[0]); err != nil {
					errs <- err
					return
				}
				count.Add(1)
			}
		})
	}
	workers.Wait()
	seconds := time.Since(begun).Seconds()
	select {
	case err := <-errs:
		return err
	default:
	}
	return json.NewEncoder(out).Encode(map[string]any{"count": count.Load(), "seconds": seconds})
}

func getOne(client *http.Client, url string) error {
	response, err := client.Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	var value map[string]any
	if err := json.Unmarshal(body, &value); err != nil {
		return err
	}
	if value["id"] != 7.0 {
		return fmt.Errorf("a wrong answer: %s", body)
	}
	return nil
}
