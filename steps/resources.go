package steps

import (
	"context"
	"strings"

	"github.com/yosida95/uritemplate/v3"
)

var resourcesWords = []step{
	{given, "the fixture template {text}", do1(text, (*World).fixtureTemplate)},
	{given, "the server has the failing resource {uri}", do1(uri, (*World).failingResource)},
	{when, "the client reads the listed resources", do((*World).readListed)},
	{when, "the client reads a resource that does not exist", do((*World).readUnknown)},
	{when, "the client reads {uri}", do1(uri, (*World).readURI)},
	{when, "the client reads {uri} and {uri}", do2(uri, uri, (*World).readBoth)},
	{when, "the client reads what is no URI", do((*World).readNoURI)},
	{when, "the client reads its way out of a directory", do((*World).readOutside)},
	{then, "each of them has an absolute URI", do((*World).eachHasURI)},
	{then, "each of them has a well-formed URI template", do((*World).eachHasTemplate)},
	{then, "each listed resource can be read", do((*World).eachReadable)},
	{then, "each result holds an array of contents", do((*World).contentsShaped)},
	{then, "each of the contents has text or a blob", do((*World).contentsHold)},
	{then, "each of the contents has an absolute URI", do((*World).contentsURI)},
	{then, "each blob is base64", do((*World).blobsCoded)},
	{then, "the contents have the mimeType of the template", do((*World).templateType)},
	{then, "the contents say {text}", do1(text, (*World).contentsSay)},
	{then, "the server says with {code} that there is no such resource", do1(code, (*World).saysUnknown)},
	{then, "the result does not hold empty contents", do((*World).notEmpty)},
	{then, "the error repeats the URI", do((*World).errorRepeatsURI)},
	{then, "none of them is answered with contents", do((*World).noContents)},
	{then, "nothing from outside the directory is read", do((*World).nothingOutside)},
	// subscriptions
	{given, "a session that listens for updates of the resource", do((*World).listenForUpdates)},
	{given, "a session that listens for updates of another resource as well", do((*World).listenForOther)},
	{when, "the client subscribes to the resource and ends the subscription", do((*World).subscribeAndEnd)},
	{when, "the client has an update of the resource, unsubscribes and changes it again", do((*World).changeUnsubscribed)},
	{then, "the subscription is accepted", do((*World).subscribed)},
	{then, "the end of the subscription is accepted", do((*World).unsubscribed)},
	{then, "the server notifies an update of the resource", do((*World).updated)},
	{then, "no update comes after that", do((*World).notUpdated)},
	{then, "the update comes only to the subscription that asked for it", do((*World).updatedOnlyThere)},
}

var resourcesInvariants = []invariant{
	{"resources.read.not-found-not-32002", eachError(notRetiredCode)},
	{"resources.read.text-only-text", eachMention(textIsText)},
	{"resources.updated.only-subscribed-legacy", eachNotification(updatedMethod, updatedUnasked)},
	{"resources.updated.uri", eachNotification(updatedMethod, updatedURI)},
	{"resources.uri.custom-scheme", eachMention(schemeConforms)},
}

func (w *World) eachHasURI(context.Context) error {
	return w.each(func(item Item) error { return badURIMember(w.subject.Revision, "uri", item.Members["uri"]) })
}

func (w *World) eachHasTemplate(context.Context) error {
	return w.each(func(item Item) error {
		raw := item.Members["uriTemplate"]
		if !isString(raw) {
			return unmetf("uriTemplate, a string", "%s", absent(raw))
		}
		if _, err := uritemplate.New(unquoted(raw)); err != nil {
			return unmetf("uriTemplate, a URI template by RFC 6570", "%s", strings.TrimPrefix(err.Error(), "uritemplate: "))
		}
		return nil
	})
}

func (w *World) fixtureTemplate(_ context.Context, template string) error {
	l, err := w.subject.list("resources/templates/list")
	if err != nil {
		return err
	}
	for _, item := range l.items {
		if item.text("uriTemplate") == template {
			w.template = item
			return nil
		}
	}
	return notApplicable("the server lists no resource template %s", template)
}
