Feature: Errors
  What a server cannot do it answers with an error, whose code says why. Input
  that is no request at all may also be met with silence, but not with the end of
  the conversation.

  @errors.parse-error.code
  Scenario Outline: Input that is no JSON is a parse error
    Given a session of its own
    When the client sends
      """
      <input>
      """
    Then the server answers with error -32700, if at all

    Examples:
      | input                             |
      | {"jsonrpc":"2.0","id":1,"method": |
      | mcpcheck                          |

  @errors.parse-error.survive
  Scenario Outline: The server goes on after <what>
    Given a session of its own
    When the client sends
      """
      <input>
      """
    Then the server is still alive

    Examples:
      | what                    | input                                                               |
      | input that breaks off   | {"jsonrpc":"2.0","id":1,"method":                                   |
      | a number                | 42                                                                  |
      | an empty object         | {}                                                                  |
      | a member that is double | {"jsonrpc":"2.0","id":$id,"id":1,"method":"$method","params":$params} |

  @errors.parse-error.survive
  Scenario: The server goes on after deeply nested input
    Given a session of its own
    When the client sends params nested 2000 deep
    Then the server is still alive

  @errors.invalid-request.code
  Scenario Outline: A request <flaw> is invalid
    Given a session of its own
    When the client sends
      """
      <input>
      """
    Then the server answers with error -32600, if at all

    Examples:
      | flaw                       | input                                                                      |
      | without jsonrpc            | {"id":$id,"method":"$method","params":$params}                             |
      | of JSON-RPC 1.0            | {"jsonrpc":"1.0","id":$id,"method":"$method","params":$params}             |
      | without a method           | {"jsonrpc":"2.0","id":$id}                                                 |
      | whose method is a number   | {"jsonrpc":"2.0","id":$id,"method":1,"params":$params}                     |
      | with null as its id        | {"jsonrpc":"2.0","id":null,"method":"$method","params":$params}            |

  @errors.method-not-found.code
  Scenario: An unknown method is not found
    Given a session of its own
    When the client requests x-conformance/no-such-method
    Then the server answers with error -32601

  @errors.method-not-found.ungated
  Scenario: Methods of a capability that is not declared are not found
    Given the server leaves a capability out
    And a session
    When the client uses each capability that the server leaves out
    Then each method of them is unknown

  @errors.invalid-params.code
  Scenario: Params that do not fit their method are refused
    Given a new connection
    When the client sends params that do not fit their method
    Then each of them is refused with error -32602, or at least refused
