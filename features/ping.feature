Feature: Ping
  Either side may ask at any time whether the other is still there. The answer is
  an empty result, at once, whatever else is going on.

  @ping.respond-empty
  Scenario: A ping is answered with an empty result
    Given a session
    When the client requests ping
    Then the result is empty

  @ping.respond-empty
  Scenario: A ping without params is answered with an empty result
    Given a session
    When the client requests ping without params
    Then the result is empty

  @ping.respond-before-initialized
  Scenario: A ping is answered before the client is ready
    Given a session that is not yet initialized
    When the client requests ping
    Then the result is empty
