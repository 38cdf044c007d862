package standin

import (
	"fmt"
	"net/http"
	"strconv"
)

// A Refusal is the JSON object by which GitHub says no.
type Refusal struct {
	Message       string   `json:"message"`
	Errors        []Detail `json:"errors,omitempty"`
	Documentation string   `json:"documentation_url"`
	Status        string   `json:"status"`

	status int
}

// A Detail says which field of what was wrong, and how.
type Detail struct {
	Resource string `json:"resource"`
	Field    string `json:"field"`
	Code     string `json:"code"`
	Message  string `json:"message,omitempty"`
}

func (r *Refusal) Error() string { return r.Message }

func refuse(status int, format string, args ...any) *Refusal {
	return &Refusal{Message: fmt.Sprintf(format, args...), Status: strconv.Itoa(status), status: status}
}

func notFound() *Refusal { return refuse(http.StatusNotFound, "Not Found") }

// invalid is the answer to a request that is well formed and yet cannot be served.
func invalid(details ...Detail) *Refusal {
	r := refuse(http.StatusUnprocessableEntity, "Validation Failed")
	r.Errors = details
	return r
}

// unserved says that GitHub would know what to do, and the stand-in does not.
func unserved(what string) *Refusal {
	return refuse(http.StatusNotImplemented, "the stand-in of GitHub does not serve %s", what)
}
