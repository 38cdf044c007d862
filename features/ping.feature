Feature: Ping
  Either side may ask at any time whether the other is still there. The answer is
  an empty result, at once, whatever else is going on.

  @ping.respond-empty
  Scenario: A ping is answered with an empty result
    Given a session
    When the client requests ping without params
    Then the result is empty

  @ping.respond-empty
  Scenario: A ping with metadata is answered with an empty result
    Given a session
    When the client requests ping with
      """
      {"_meta": {}}
      """
    Then the result is empty

  @ping.respond-empty
  Scenario: A ping is answered while a tool runs
    Given the fixture tool test_tool_with_progress
    And a session
    When the client calls the tool and requests ping meanwhile
    Then the result is empty

  @ping.respond-before-initialized
  Scenario: A ping is answered before the client is ready
    Given a session that is not yet initialized
    When the client requests ping
    Then the server answers with a result
