// Says what net/http and encoding/json have parsed of a request. The port is the first line that it
// prints.
package main

import (
	"encoding/json"
	"fmt"
	"mime"
	"net"
	"net/http"
)

// Matched by name without regard to case, as encoding/json does.
type thing struct {
	Id   json.RawMessage `json:"id,omitempty"`
	Name json.RawMessage `json:"name,omitempty"`
	City json.RawMessage `json:"city,omitempty"`
	Note json.RawMessage `json:"note,omitempty"`
	Role json.RawMessage `json:"role,omitempty"`
}

func echo(w http.ResponseWriter, r *http.Request) {
	var fields any = map[string]any{}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch kind {
	case "application/x-www-form-urlencoded", "multipart/form-data":
		r.ParseMultipartForm(1 << 20)
		form := map[string]any{}
		for name, values := range r.PostForm {
			form[name] = values[0]
		}
		if r.MultipartForm != nil {
			for name, values := range r.MultipartForm.Value {
				form[name] = values[0]
			}
		}
		fields = form
	default:
		if r.ContentLength != 0 {
			var read thing
			if err := json.NewDecoder(r.Body).Decode(&read); err != nil {
				http.Error(w, "{}", http.StatusBadRequest)
				return
			}
			fields = read
		}
	}
	query := map[string]any{}
	for name, values := range r.URL.Query() {
		if name == "tags" {
			query[name] = values
		} else {
			query[name] = values[0]
		}
	}
	var locale any
	if values, there := r.Header["X-Locale"]; there {
		locale = values[0]
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(map[string]any{
		"method": r.Method, "fields": fields, "query": query, "locale": locale,
	})
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	http.HandleFunc("/things/", echo)
	panic(http.Serve(listener, nil))
}
