package steps

import "slices"

// The vocabulary is everything that a feature file can say.
//
// A Given is a state. It names what there is ("a session"), and when it cannot
// be had the scenario is inconclusive. A When is one act of "the client", which
// is mcpcheck. A Then is one observation, about "the server", "the result", "the
// error", "the answer" or what they hold; it sends nothing but what proves that
// the server is alive. Words are the specification's own. There is one way to
// say a thing.
var vocabulary = slices.Concat(
	// of no area
	stateWords, requestWords, answerWords, listWords, noticeWords,
	// of one area each
	archWords, cachingWords, compatWords, contentWords, discoverWords, errorsWords, featuresWords, headersWords, httpWords,
	jsonrpcWords, lifecycleWords, loadWords, metaWords, opsWords, paginationWords, pingWords, promptsWords, resourcesWords, resultWords,
	resumeWords, sessionWords, sseWords, statelessWords, stdioWords, subsWords, toolsWords, versionWords,
)

// The invariants, each named in the catalogue.
var invariants = slices.Concat(
	archInvariants, cachingInvariants, compatInvariants, contentInvariants, discoverInvariants, errorsInvariants, featuresInvariants,
	headersInvariants, httpInvariants, jsonrpcInvariants, lifecycleInvariants, metaInvariants, paginationInvariants,
	pingInvariants, promptsInvariants, resourcesInvariants, resultInvariants, resumeInvariants, sessionInvariants,
	sseInvariants, statelessInvariants, stdioInvariants, subsInvariants, toolsInvariants, versionInvariants,
)
