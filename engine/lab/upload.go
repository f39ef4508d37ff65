package lab

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"time"
)

const (
	maxListedReads = 1000
	largestRead    = 64 << 10
)

func (s *Server) uploadEndpoints() []endpoint {
	return []endpoint{
		{usage: "POST /upload?rate=", about: "reads the body, at most rate bytes a second, and answers what came: bytes, sha256, the sizes of the reads",
			example: "POST /upload", pattern: "POST /upload", handle: s.upload},
		{usage: "PUT /upload?rate=", about: "the same", example: "PUT /upload", pattern: "PUT /upload", handle: s.upload},
		{usage: "/echo", about: "streams the request's body back while it comes (full duplex)", example: "/echo",
			pattern: "/echo", handle: echo},
	}
}

// uploadReport is the answer of /upload. Reads are the pieces in which the body came out of the connection, which
// are the client's chunks when it sends them one at a time; the first 1,000 are listed.
type uploadReport struct {
	Bytes            int64    `json:"bytes"`
	SHA256           string   `json:"sha256"`
	ContentLength    *int64   `json:"content_length"` // null when it was not declared
	TransferEncoding []string `json:"transfer_encoding"`
	ContentType      string   `json:"content_type"`
	ReadCount        int      `json:"read_count"`
	Reads            []int    `json:"reads"`
}

// upload lets a client feel back-pressure: at a rate it leaves the body in the socket's buffers.
func (s *Server) upload(w http.ResponseWriter, r *http.Request) {
	q := queryOf(r)
	rate := q.size("rate", 0, 1, maxStreamed)
	if q.refuse(w) {
		return
	}
	report := uploadReport{
		TransferEncoding: append([]string{}, r.TransferEncoding...),
		ContentType:      r.Header.Get("Content-Type"),
		Reads:            []int{},
	}
	if r.ContentLength >= 0 {
		report.ContentLength = &r.ContentLength
	}
	buffer := make([]byte, largestRead)
	if rate > 0 {
		buffer = buffer[:min(max(rate/20, 1), largestRead)]
	}
	body := http.MaxBytesReader(w, r.Body, maxStreamed)
	sum := sha256.New()
	for {
		n, err := body.Read(buffer)
		if n > 0 {
			sum.Write(buffer[:n])
			report.Bytes += int64(n)
			report.ReadCount++
			if len(report.Reads) < maxListedReads {
				report.Reads = append(report.Reads, n)
			}
		}
		if n > 0 && rate > 0 && s.sleep(r.Context(), time.Duration(n)*time.Second/time.Duration(rate)) != nil {
			return
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			badRequest(w, "reading the body: "+err.Error())
			return
		}
	}
	report.SHA256 = hex.EncodeToString(sum.Sum(nil))
	writeJSON(w, http.StatusOK, report)
}

func echo(w http.ResponseWriter, r *http.Request) {
	controller := http.NewResponseController(w)
	// HTTP/2 is always full duplex and says that this is not supported.
	_ = controller.EnableFullDuplex()
	if kind := r.Header.Get("Content-Type"); kind != "" {
		w.Header().Set("Content-Type", kind)
	} else {
		w.Header().Set("Content-Type", "application/octet-stream")
	}
	// The head goes out at once: a client may wait for it before it sends more.
	w.WriteHeader(http.StatusOK)
	if controller.Flush() != nil {
		return
	}
	body := http.MaxBytesReader(w, r.Body, maxStreamed)
	buffer := make([]byte, largestRead)
	for {
		n, err := body.Read(buffer)
		if n > 0 {
			if _, err := w.Write(buffer[:n]); err != nil {
				return
			}
			if controller.Flush() != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
