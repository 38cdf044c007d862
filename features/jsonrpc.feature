Feature: JSON-RPC
  Client and server say everything in messages of JSON-RPC 2.0. An answer finds
  its way back by the id alone, so the id has to come back as it was.

  @jsonrpc.response.id-echo
  Scenario Outline: A result has the id <id> of its request
    Given a session of its own
    When the client sends a harmless request with the id <id>
    Then the answer has the id of the request

    Examples:
      | id                                                                   |
      | 0                                                                    |
      | -5                                                                   |
      | 2147483648                                                           |
      | 9007199254740991                                                     |
      | "1"                                                                  |
      | "abc"                                                                |
      | "mcpcheck-0123456789-0123456789-0123456789-0123456789-0123456789-01" |

  @jsonrpc.response.id-echo
  Scenario Outline: The id <id> comes back although a float cannot hold it
    Given a session of its own
    When the client sends a harmless request with the id <id>
    Then the answer has the id of the request to the last digit

    Examples:
      | id                  |
      | 9007199254740993    |
      | 9223372036854775807 |

  @jsonrpc.error.id-echo
  Scenario Outline: An error has the id <id> of its request
    Given a session of its own
    When the client requests x-conformance/no-such-method with the id <id>
    Then the error has the id of the request

    Examples:
      | id       |
      | 20260101 |
      | "abc"    |

  @jsonrpc.encoding.utf8
  Scenario: Text beyond ASCII comes back as UTF-8
    Given a session of its own
    When the client sends a harmless request with the id "mcpcheck-ü-日本-😀"
    Then the answer is encoded as UTF-8

  @jsonrpc.request.always-answered
  Scenario: Each of several requests at once has its own answer
    Given a session of its own
    When the client sends 5 harmless requests at once
    Then each request has its own answer

  @jsonrpc.notification.no-response
  Scenario: An unknown notification has no response
    Given a session of its own
    When the client notifies notifications/x-conformance-unknown
    Then the server sends no response to the notification

  @jsonrpc.notification.no-response
  Scenario: A notification that makes no sense has no response
    Given a session of its own
    When the client notifies notifications/cancelled with
      """
      {"requestId": ["no", "id"]}
      """
    Then the server sends no response to the notification

  @jsonrpc.member-names.case-sensitive
  Scenario: A member in another case is another member
    Given a session of its own
    When the client sends a harmless request whose method is called Method
    Then the server does not take it for a request

  @jsonrpc.method.case-sensitive
  Scenario: A method in another case is another method
    Given a session of its own
    When the client sends a harmless request in capital letters
    Then the server does not take it for a request

  @jsonrpc.batch.receive
  Scenario: The members of a batch are served
    Given a session of its own
    When the client sends a batch of request, request, notification
    Then each request of the batch has one response

  @jsonrpc.batch.response-per-request
  Scenario: Each request of a batch has its own response
    Given a session of its own
    When the client sends a batch of request, unknown, notification
    Then each request of the batch has one response

  @jsonrpc.batch.no-empty-response-array
  Scenario: A batch of notifications has no response
    Given a session of its own
    When the client sends a batch of notification, notification
    Then no empty batch comes back

  @jsonrpc.batch.invalid-single-error
  Scenario: An empty batch is answered with one error
    Given a session of its own
    When the client sends
      """
      []
      """
    Then a single error answers the batch

  @jsonrpc.batch.rejected
  Scenario: A batch is refused where the revision has none
    Given a session of its own
    When the client sends a batch of request
    Then no request of the batch has a result
