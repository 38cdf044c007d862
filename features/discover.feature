Feature: Discovery
  A server of the stateless revisions tells what it offers when it is asked with
  server/discover, which every server has to answer.

  @discover.implemented
  Scenario: The server answers server/discover
    Given a connection
    When the client requests server/discover
    Then the server knows the method

  @discover.no-extra-params
  Scenario: The server demands nothing for server/discover but _meta
    Given a connection
    When the client requests server/discover
    Then the server demands no further params

  @discover.method.implemented
  Scenario: The server answers server/discover with a result
    Given a connection
    When the client requests server/discover
    Then the server does not fail for another reason

  @discover.supported-versions.honoured
  Scenario: The server serves each revision that it lists
    Given a session
    When the client tries each revision that server/discover lists
    Then each listed revision is served

  @discover.capabilities-truthful
  Scenario: The server implements what it declares
    Given a session
    When the client uses each capability that the server declares
    Then each declared capability is implemented

  @discover.legacy-methods-removed
  Scenario Outline: The method <method> of earlier revisions is unknown
    Given a session
    When the client requests <method> with
      """
      <params>
      """
    Then the server answers with error -32601

    Examples:
      | method           | params            |
      | ping             | {}                |
      | logging/setLevel | {"level":"debug"} |
