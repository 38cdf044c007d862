package everything

import "slices"

// subscription is an open subscriptions/listen request.
type subscription struct {
	call   *call
	filter object        // what the server agreed to send
	over   chan struct{} // closed when the subscription has ended
}

func (l *subscription) notify(method string, params object) {
	if !l.call.srv.broken("subs.notification.subscription-id") {
		params["_meta"] = object{metaSubscription: l.call.id}
	}
	l.call.notify(method, params)
}

// listen serves a subscription until the client cancels it or the server ends.
func listen(c *call) (object, *rpcError) {
	wanted, ok := c.params["notifications"].(object)
	if !ok && !c.srv.broken("errors.invalid-params.code") {
		return nil, invalidParams("notifications is missing or not an object")
	}
	filter, err := c.agree(wanted)
	if err != nil {
		return nil, err
	}
	s := c.srv
	l := &subscription{call: c, filter: filter, over: make(chan struct{})}
	defer close(l.over)
	if s.broken("subs.listen.sse") && c.transport == overHTTP {
		return l.ended(), nil
	}
	if s.refusesToListenAgain(l) {
		return nil, fail(codeInternal, "there is such a subscription already")
	}
	if s.broken("subs.ack.nothing-before") && len(filter) == 4 {
		l.notify("notifications/tools/list_changed", object{})
	}
	s.rememberSubscription(l)
	l.acknowledge()
	switch {
	case s.broken("subs.listen.stays-open") && len(filter) == 4 && c.transport == overHTTP:
		return nil, nil
	case s.broken("subs.teardown.result-shape") && len(filter) == 0:
		return object{}, nil
	}
	s.mu.Lock()
	s.listeners[l] = true
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.listeners, l)
		s.mu.Unlock()
	}()
	if s.broken("subs.client-cancel.stdio") && len(filter) == 1 {
		<-c.ending
	}
	select {
	case <-c.ctx.Done():
		if c.speaksOn() {
			return l.ended(), nil
		}
		return nil, nil
	case <-c.ending:
	}
	if s.broken("subs.teardown.result") {
		return nil, nil
	}
	if c.transport == overStdio {
		// The schema keeps this notification for stdio; the page on subscriptions
		// asks for the result below, which is the only signal over HTTP.
		l.notify("notifications/cancelled", object{"requestId": c.id, "reason": "the server ends"})
	}
	return l.ended(), nil
}

func (l *subscription) acknowledge() {
	if o, ok := l.call.out.(opener); ok && l.call.srv.broken("subs.ack.sent-first") {
		o.open()
	}
	if !l.call.srv.broken("subs.ack.sent-first") {
		l.notify("notifications/subscriptions/acknowledged", object{"notifications": l.filter})
	}
}

// ended is the result of a subscription that is over.
func (l *subscription) ended() object {
	return object{"_meta": object{metaSubscription: l.call.id, metaServerInfo: implementation(l.call.revision)}}
}

// agree returns the part of the wanted filter that the server supports.
func (c *call) agree(wanted object) (object, *rpcError) {
	filter := object{}
	for _, kind := range []string{"tools", "prompts", "resources"} {
		flag, present := wanted[kind+"ListChanged"]
		on, ok := flag.(bool)
		if present && !ok {
			return nil, invalidParams(kind + "ListChanged is not a boolean")
		}
		if on && !c.srv.hidden(kind+"/list") && !c.srv.undeclared(kind) {
			filter[kind+"ListChanged"] = true
		}
	}
	value, present := wanted["resourceSubscriptions"]
	if !present || c.srv.undeclared("resources") {
		return filter, nil
	}
	uris, ok := value.(list)
	if !ok || slices.ContainsFunc(uris, func(u any) bool { return !isString(u) }) {
		return nil, invalidParams("resourceSubscriptions is not an array of strings")
	}
	known := list{}
	for _, u := range uris {
		if _, found := c.srv.resource(u.(string)); found {
			known = append(known, u)
		}
	}
	filter["resourceSubscriptions"] = known
	return filter, nil
}

// speaksOn reports whether a subscription that was cancelled is answered.
func (c *call) speaksOn() bool {
	return c.srv.broken("stdio.cancel.no-further-messages") && c.transport == overStdio && c.method == "subscriptions/listen"
}
