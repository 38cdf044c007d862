package target

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// documents returns the documents of a JSON or YAML text as JSON.
func documents(data []byte) ([]json.RawMessage, error) {
	if start := bytes.TrimLeft(data, " \t\r\n"); len(start) > 0 && (start[0] == '{' || start[0] == '[' || start[0] == '/') {
		var raw json.RawMessage
		if err := decode(data, &raw); err != nil {
			return nil, err
		}
		return []json.RawMessage{raw}, nil
	}
	var list []json.RawMessage
	dec := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var v any
		err := dec.Decode(&v)
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return nil, malformed(err)
		}
		raw, err := json.Marshal(v)
		if err != nil {
			return nil, errors.New("the YAML holds a key that is not a string, or a number that JSON has not")
		}
		list = append(list, raw)
	}
}

var yamlLine = regexp.MustCompile(`(?s)^(?:unmarshal errors:\s*)?line (\d+): (.*)`)

// malformed words an error of the YAML parser, position first as in decode.
func malformed(err error) error {
	reason := unquoted(err)
	if strings.Contains(err.Error(), "already defined") {
		reason = strings.Replace(reason, "mapping key", "a key is given twice", 1)
	}
	if m := yamlLine.FindStringSubmatch(reason); m != nil {
		return fmt.Errorf("%s: the YAML is malformed: %s", m[1], m[2])
	}
	return fmt.Errorf("the YAML is malformed: %s", reason)
}
