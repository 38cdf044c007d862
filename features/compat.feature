Feature: Earlier clients
  Clients of the revisions before 2026-07-28 use parts of Streamable HTTP that no
  longer exist. A server that speaks the stateless revisions only tells them so,
  or passes over it.

  @compat.get-delete-405
  Scenario Outline: <verb> has HTTP status 405
    Given the server is modern only
    And a session
    When the client sends the HTTP method <verb>
    Then the HTTP status is 405

    Examples:
      | verb   |
      | GET    |
      | DELETE |

  @compat.session-id-ignored
  Scenario: A session id is passed over
    Given the server is modern only
    And a session
    When the client sends a harmless request with the header Mcp-Session-Id "x-mcpcheck"
    Then the server answers with a result
    And the answer names no session

  @compat.last-event-id-ignored
  Scenario: The id of a last event is passed over
    Given the server is modern only
    And a session
    When the client sends a harmless request with the header Last-Event-ID "1"
    Then the server answers with a result

  @compat.client-responses-not-processed
  Scenario: A response, which clients no longer send, is refused
    Given a session of its own
    When the client sends a response that nobody asked for
    Then the HTTP status is an error
