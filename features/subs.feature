Feature: Subscriptions
  A client of the stateless revisions asks with one long request for the changes
  that it wants to hear of. The server says what it agrees to, and from then on
  tells of those changes and of nothing else.

  @subs.listen.supported
  Scenario: A server that declares changes lets itself be listened to
    Given the server tells of changes
    When the client listens for changes
    Then the server lets itself be listened to

  @subs.listen.sse
  Scenario: Over HTTP who listens gets an event stream
    Given the server tells of changes
    When the client listens for changes
    Then the answer to who listens is an event stream

  @subs.listen.stays-open
  Scenario: The stream of a subscription stays open
    Given the server tells of changes
    When the client listens for changes
    Then the stream stays open

  @subs.ack.sent-first
  Scenario: Each subscription is acknowledged
    Given the server tells of changes
    When the client listens for changes
    Then the server acknowledges each subscription

  @subs.ack.nothing-before
  Scenario: Nothing precedes the acknowledgement
    Given the server tells of changes
    When the client listens for changes
    Then nothing comes before the acknowledgement

  @subs.ack.shape
  Scenario: The acknowledgement repeats a filter
    Given the server tells of changes
    When the client listens for changes
    Then each acknowledgement has its form

  @subs.ack.subset
  Scenario: The acknowledgement grants a part of what was asked for
    Given the server tells of changes
    When the client listens for changes
    Then each acknowledgement grants what was asked for and no more

  @subs.filter.requested-only
  Scenario: Who listens for changes of prompts does not hear of those of tools
    Given the server declares tools.listChanged
    And the server declares prompts.listChanged
    And the fixture tool test_trigger_tool_change
    And a session that listens for changes of the list of tools
    And a session that listens for changes of another list as well
    When the client calls the tool
    Then the change comes only to the subscription that asked for it

  @subs.client-cancel.stdio
  Scenario: Over stdio a cancelled subscription is over
    Given the server declares tools.listChanged
    And the fixture tool test_trigger_tool_change
    And a session that listens for changes of the list of tools
    When the client hears of a change, stops listening and changes the list again
    Then no change is told after that

  @subs.client-cancel.http
  Scenario: Over HTTP who closed a stream may listen again
    Given the server tells of changes
    And a session of its own
    When the client listens, closes the stream and listens again
    Then the new subscription is acknowledged
    And the server is still alive

  @subs.no-state-across-connections
  Scenario: A subscription ends with its connection
    Given the server declares tools.listChanged
    And the fixture tool test_trigger_tool_change
    And a session of its own
    When the client listens, goes away and calls the tool over another connection
    Then nothing is told to the subscription that is gone

  @subs.teardown.result
  Scenario: A subscription that the server ends has a result
    Given the server tells of changes
    And a session of its own
    When the client listens and closes stdin
    Then the subscription ends with a result
