package everything

var resultFaults = faultTable{
	"result.result-type.complete-for-final": {"calls the list of templates an interim result", typeTemplates("input_required")},
	"result.result-type.present":            {"leaves resultType out of the list of templates", typeTemplates(nil)},
	"result.result-type.value-set":          {"calls the list of templates a result of a type of its own", typeTemplates("partial")},
}

// typeTemplates gives the list of templates another resultType; nil for none.
func typeTemplates(name any) rewrite {
	return func(o *outgoing) {
		r := o.to("resources/templates/list")
		switch {
		case r == nil:
		case name == nil:
			delete(r, "resultType")
		default:
			r["resultType"] = name
		}
	}
}
