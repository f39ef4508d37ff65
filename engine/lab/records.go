package lab

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

const (
	maxRecords  = 10_000
	maxUserBody = 64 << 10
)

func (s *Server) recordEndpoints() []endpoint {
	return []endpoint{
		{usage: "/users?delay=0", about: "ten pioneers of computing, as JSON", example: "/users", pattern: "GET /users", handle: s.listUsers},
		{usage: "/users/{id}?delay=0", about: "one of them, 1 to 10", example: "/users/1", pattern: "GET /users/{id}", handle: s.showUser},
		{usage: "POST /users", about: "201 with the JSON object that was sent and the id 11; nothing is kept", example: "POST /users",
			pattern: "POST /users", handle: s.createUser},
		{usage: "/pages?page=1&per=10&total=45", about: "numbered records a page at a time, with Link headers", example: "/pages",
			pattern: "GET /pages", handle: pages},
	}
}

type user struct {
	ID       int    `json:"id"`
	Name     string `json:"name"`
	Email    string `json:"email"`
	Born     int    `json:"born"`
	KnownFor string `json:"known_for"`
}

var users = []user{
	{1, "Ada Lovelace", "ada@example.com", 1815, "the first published program"},
	{2, "Alan Turing", "alan@example.com", 1912, "the Turing machine"},
	{3, "Grace Hopper", "grace@example.com", 1906, "the first compiler"},
	{4, "Edsger Dijkstra", "edsger@example.com", 1930, "shortest paths and semaphores"},
	{5, "Barbara Liskov", "barbara@example.com", 1939, "CLU and the substitution principle"},
	{6, "Donald Knuth", "donald@example.com", 1938, "The Art of Computer Programming"},
	{7, "Katherine Johnson", "katherine@example.com", 1918, "the orbits of Mercury and Apollo"},
	{8, "Dennis Ritchie", "dennis@example.com", 1941, "C and Unix"},
	{9, "Radia Perlman", "radia@example.com", 1951, "the spanning-tree protocol"},
	{10, "Tony Hoare", "tony@example.com", 1934, "quicksort and CSP"},
}

// wait is the delay parameter of the users; false when the request is over.
func (s *Server) wait(w http.ResponseWriter, r *http.Request) bool {
	q := queryOf(r)
	delay := q.pause("delay", 0)
	if q.refuse(w) {
		return false
	}
	return s.sleep(r.Context(), delay) == nil
}

func (s *Server) listUsers(w http.ResponseWriter, r *http.Request) {
	if s.wait(w, r) {
		writeJSON(w, http.StatusOK, users)
	}
}

func (s *Server) showUser(w http.ResponseWriter, r *http.Request) {
	if !s.wait(w, r) {
		return
	}
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil || id < 1 || id > len(users) {
		writeJSON(w, http.StatusNotFound, map[string]string{
			"error": fmt.Sprintf("there is no user %q: ids are 1 to %d", r.PathValue("id"), len(users)),
		})
		return
	}
	writeJSON(w, http.StatusOK, users[id-1])
}

func (s *Server) createUser(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxUserBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		writeJSON(w, http.StatusRequestEntityTooLarge, map[string]string{"error": fmt.Sprintf("at most %d bytes are possible", maxUserBody)})
		return
	}
	if err != nil {
		badRequest(w, "reading the body: "+err.Error())
		return
	}
	var sent map[string]any
	if err := json.Unmarshal(body, &sent); err != nil || sent == nil {
		writeJSON(w, http.StatusUnprocessableEntity, map[string]string{"error": `the body must be a JSON object, such as {"name": "Margaret Hamilton"}`})
		return
	}
	id := len(users) + 1
	sent["id"] = id
	w.Header().Set("Location", fmt.Sprintf("/users/%d", id))
	writeJSON(w, http.StatusCreated, sent)
}

// pages lists records by page, with the links of RFC 8288.
func pages(w http.ResponseWriter, r *http.Request) {
	q := queryOf(r)
	per := q.count("per", 10, 1, 1000)
	total := q.count("total", 45, 0, maxRecords)
	last := max((total+per-1)/per, 1)
	page := q.count("page", 1, 1, last)
	if q.refuse(w) {
		return
	}
	link := func(page int) string { return fmt.Sprintf("/pages?page=%d&per=%d&total=%d", page, per, total) }
	links := []string{fmt.Sprintf(`<%s>; rel="first"`, link(1)), fmt.Sprintf(`<%s>; rel="last"`, link(last))}
	var next, previous *string
	if page > 1 {
		at := link(page - 1)
		previous = &at
		links = append(links, fmt.Sprintf(`<%s>; rel="prev"`, at))
	}
	if page < last {
		at := link(page + 1)
		next = &at
		links = append(links, fmt.Sprintf(`<%s>; rel="next"`, at))
	}
	items := []map[string]any{}
	for id := (page-1)*per + 1; id <= min(page*per, total); id++ {
		items = append(items, map[string]any{"id": id, "title": fmt.Sprintf("record %d", id)})
	}
	w.Header().Set("Link", strings.Join(links, ", "))
	writeJSON(w, http.StatusOK, map[string]any{
		"page": page, "pages": last, "total": total, "items": items, "next": next, "previous": previous,
	})
}
