package service

import (
	"errors"

	"github.com/mark3labs/mcp-go/mcp"
)

// A coded error has a JSON-RPC code of its own, which mcp-go would answer with
// that of an internal error.
type coded struct {
	error
	code int
	data any
}

func (c coded) Unwrap() error { return c.error }

// Invalid marks an error of the client: parameters that do not fit.
func Invalid(err error) error { return mark(err, mcp.INVALID_PARAMS) }

// NotFound marks that a resource is not there.
func NotFound(err error) error { return mark(err, mcp.RESOURCE_NOT_FOUND) }

// Coded gives an error the code and data of a JSON-RPC error, such as another
// server has answered with.
func Coded(err error, code int, data any) error { return coded{err, code, data} }

// IsInvalid says whether Invalid marked an error.
func IsInvalid(err error) bool { return code(err) == mcp.INVALID_PARAMS }

// IsNotFound says whether NotFound marked an error.
func IsNotFound(err error) bool { return code(err) == mcp.RESOURCE_NOT_FOUND }

func mark(err error, code int) error {
	if err == nil {
		return nil
	}
	return coded{err, code, nil}
}

func code(err error) int {
	var c coded
	if errors.As(err, &c) {
		return c.code
	}
	return 0
}

// IsCoded says whether an error has a JSON-RPC code of its own.
func IsCoded(err error) bool { return code(err) != 0 }
