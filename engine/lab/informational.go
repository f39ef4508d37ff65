package lab

import (
	"fmt"
	"net/http"
	"strconv"
)

const maxInformational = 64

// earlyHints sends informational responses (RFC 9110, 15.2; 103 is RFC 8297) and then the answer.
func (s *Server) earlyHints(w http.ResponseWriter, r *http.Request) {
	q := queryOf(r)
	n := q.count("n", 1, 0, maxInformational)
	code := q.count("code", http.StatusEarlyHints, http.StatusProcessing, 199)
	every := q.pause("every", 0)
	if q.refuse(w) {
		return
	}
	for i := range n {
		if i > 0 && s.sleep(r.Context(), every) != nil {
			return
		}
		w.Header().Set("Link", fmt.Sprintf("</style-%d.css>; rel=preload; as=style", i+1))
		w.Header().Set("X-Hint", strconv.Itoa(i+1))
		w.WriteHeader(code)
	}
	if s.sleep(r.Context(), every) != nil {
		return
	}
	w.Header().Del("X-Hint")
	w.Header().Del("Link")
	writeJSON(w, http.StatusOK, map[string]int{"hints": n, "code": code})
}
