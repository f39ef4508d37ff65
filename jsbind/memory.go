package jsbind

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/metrics"
	"time"
)

// The virtual machine knows no memory limit, and a Go program that runs out of memory dies. So while a cell runs the heap is
// looked at every few milliseconds, and the script is stopped hard when it is too large; and a native function that is about
// to make something large looks for itself.

// defaultMaxHeap is how much a session may keep in memory, in bytes, unless Options say otherwise.
const defaultMaxHeap = 768 << 20

// heapWatch is how often the heap is looked at, and largeObject what a native function asks for first.
const (
	heapWatch   = 10 * time.Millisecond
	largeObject = 1 << 20
	valueSize   = 16                     // of an array's element
	afterFull   = 200 * time.Millisecond // until the next look when the script has been told to stop
)

var errOutOfMemory = errors.New("out of memory")

func (rt *Runtime) maxHeap() uint64 {
	if rt.o.MaxHeap > 0 {
		return uint64(rt.o.MaxHeap)
	}
	return defaultMaxHeap
}

// roomFor throws a RangeError when there is no memory left for an object of so many bytes.
func (rt *Runtime) roomFor(bytes float64) {
	if bytes < largeObject || !rt.crowded(uint64(bytes)) {
		return
	}
	panic(rt.newError("RangeError", fmt.Sprintf("out of memory: %s more would take the session beyond %s", ByteCount(int64(bytes)), ByteCount(int64(rt.maxHeap())))))
}

// crowded reports whether so many more bytes are too many, after what nobody needs any more has been collected.
func (rt *Runtime) crowded(more uint64) bool {
	if heapBytes()+more <= rt.maxHeap() {
		return false
	}
	runtime.GC()
	return heapBytes()+more > rt.maxHeap()
}

// watchMemory stops the script when the session grows too large, until stop is closed.
func (rt *Runtime) watchMemory(stop <-chan struct{}) {
	ticker := time.NewTicker(heapWatch)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ticker.C:
			if rt.crowded(0) {
				rt.loop.Interrupt(errOutOfMemory)
				ticker.Reset(afterFull)
			} else {
				ticker.Reset(heapWatch)
			}
		}
	}
}

// heapBytes is what all objects take, those that are garbage but not yet collected included.
func heapBytes() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
