package transcripts

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
)

// ErrOffline is why a replay does not reach the network.
var ErrOffline = errors.New("a replay does not use the network")

// Offline is the dialer of a replaying session's client: it refuses every connection, and remembers the attempts, so that
// a test can prove that there was none. It may be used by many goroutines at once.
type Offline struct {
	mu    sync.Mutex
	dials []string
}

// DialContext refuses to connect. The error wraps ErrOffline.
func (o *Offline) DialContext(_ context.Context, network, address string) (net.Conn, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.dials) < 1000 {
		o.dials = append(o.dials, network+" "+address)
	}
	return nil, fmt.Errorf("cannot connect to %s: %w", address, ErrOffline)
}

// Dials lists the attempts, such as "tcp example.org:443".
func (o *Offline) Dials() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.dials)
}
