package arguments

import "fmt"

func (g *generator) object(s map[string]any, depth int) (any, error) {
	properties, _ := s["properties"].(map[string]any)
	if err := g.charge(len(properties) / 16); err != nil {
		return nil, err
	}
	object := map[string]any{}
	add := func(name string) error {
		if _, have := object[name]; have {
			return nil
		}
		var of any = true
		if p, ok := properties[name]; ok {
			of = p
		} else if p, ok := s["additionalProperties"]; ok {
			of = p
		}
		v, err := g.value(of, depth+1)
		if err != nil {
			return fmt.Errorf("property %q: %w", name, err)
		}
		object[name] = v
		return nil
	}
	for _, name := range names(s["required"]) {
		if err := add(name); err != nil {
			return nil, err
		}
	}
	if err := g.dependents(s, object, add); err != nil {
		return nil, err
	}
	least := int(decimal(s["minProperties"], 0))
	for _, name := range sortedKeys(properties) {
		if len(object) >= least {
			break
		}
		if err := add(name); err != nil {
			return nil, err
		}
	}
	for i := 0; len(object) < least && i < maxDepth; i++ {
		if err := add(fmt.Sprintf("key%d", i)); err != nil {
			return nil, err
		}
	}
	return object, nil
}

// dependents adds what the properties that are there bring along.
func (g *generator) dependents(s map[string]any, object map[string]any, add func(string) error) error {
	todo := sortedKeys(object)
	for len(todo) > 0 {
		name := todo[0]
		todo = todo[1:]
		for _, keyword := range []string{"dependentRequired", "dependencies"} {
			brings, _ := s[keyword].(map[string]any)
			for _, other := range names(brings[name]) {
				if err := g.charge(1); err != nil {
					return err
				}
				if _, have := object[other]; have {
					continue
				}
				if err := add(other); err != nil {
					return err
				}
				todo = append(todo, other)
			}
		}
	}
	return nil
}

func (g *generator) array(s map[string]any, depth int) (any, error) {
	array := []any{}
	least := int(decimal(s["minItems"], 0))
	if _, ok := s["contains"]; ok && least == 0 {
		least = int(decimal(s["minContains"], 1))
	}
	if least > maxSteps {
		return nil, errDeep
	}
	prefix, _ := s["prefixItems"].([]any)
	if prefix == nil {
		prefix, _ = s["items"].([]any) // up to 2019-09
	}
	for i := range least {
		var of any = true
		switch {
		case i < len(prefix):
			of = prefix[i]
		case s["contains"] != nil:
			of = s["contains"]
		case s["items"] != nil:
			of = s["items"]
		}
		v, err := g.value(of, depth+1)
		if err != nil {
			return nil, fmt.Errorf("item %d: %w", i, err)
		}
		if s["uniqueItems"] == true {
			v = distinct(v, i)
		}
		array = append(array, v)
	}
	return array, nil
}

// distinct makes the values of a list differ, where that is easy.
func distinct(v any, i int) any {
	switch v := v.(type) {
	case string:
		if i > 0 {
			return fmt.Sprintf("%s%d", v, i)
		}
	case float64:
		return v + float64(i)
	}
	return v
}
