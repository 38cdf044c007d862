Feature: Metadata
  Either side may add metadata to what it says, under keys of its own. The other
  has to bear what it does not know.

  @meta.reserved-keys.no-assumptions
  Scenario Outline: The key <key> in _meta changes nothing
    Given a session
    When the client sends a harmless request with <key> <value> in _meta
    Then the server answers with a result

    Examples:
      | key                               | value                                                     |
      | com.example/x                     | [1, null]                                                 |
      | io.modelcontextprotocol/x-unknown | {"a": 1}                                                  |
      | traceparent                       | "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01" |

  @meta.request.unknown-keys-tolerated
  Scenario: The server answers initialize with a key in _meta that nobody knows
    Given a session
    And a new connection
    When the client requests initialize with x-conformance true in _meta
    Then the server answers with a result

  @meta.request.unknown-keys-tolerated
  Scenario: The server answers a request with a key in _meta that nobody knows
    Given a session
    When the client sends a harmless request with x-conformance true in _meta
    Then the server answers with a result
