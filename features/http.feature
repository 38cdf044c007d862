Feature: Streamable HTTP
  Each message of the client is an HTTP POST to one address, the MCP endpoint. The
  server answers a request with a JSON object or with a stream of events. Up to
  2025-11-25 a GET opens one more stream, for what belongs to no request.

  @http.origin.validated
  Scenario: A request from a foreign web page is refused
    Given a session of its own
    When the client sends a harmless request from http://evil.example.invalid
    Then the foreign page is not served

  @http.origin.validated
  Scenario: A foreign web page cannot open a conversation
    Given a new connection
    When the client greets the server from http://evil.example.invalid
    Then the foreign page is not served

  @http.origin.validated
  Scenario: A foreign web page cannot listen
    Given a session of its own
    When the client listens from http://evil.example.invalid
    Then the foreign page is not served

  @http.origin.invalid-403
  Scenario: The refusal of a foreign web page has HTTP status 403
    Given a session of its own
    When the client sends a harmless request from http://evil.example.invalid
    Then the foreign page is refused with HTTP status 403

  @http.origin.absent-accepted
  Scenario: A client that is no web page needs no Origin to open a conversation
    Given a new connection
    When the client greets the server without an Origin
    Then the lack of an Origin is no reason to refuse

  @http.origin.absent-accepted
  Scenario: A client that is no web page needs no Origin to listen
    Given a session of its own
    When the client listens without an Origin
    Then the lack of an Origin is no reason to refuse

  @http.bind.localhost
  Scenario: A server for this machine is not reachable at its other addresses
    Given the server listens on this machine
    And a session
    When the client greets the server at other addresses of this machine
    Then the server is not there

  @http.post.notification-202
  Scenario: A notification is acknowledged with status 202 and no body
    Given a session of its own
    When the client sends a harmless notification
    Then the server acknowledges the notification without a body, or refuses it

  @http.post.notification-rejected-status
  Scenario: A notification that cannot be accepted is answered with an error status
    Given a session of its own
    When the client sends a notification that cannot be accepted
    Then the server refuses the notification with an HTTP error status

  @http.post.client-response-202
  Scenario: The answer to a request of the server is acknowledged with status 202 and no body
    Given the fixture tool test_sampling
    And a session whose client offers sampling
    When the client calls the tool
    Then the server acknowledges the client's answer without a body
    And the server answers with a result

  @http.sse.response-included-multi
  Scenario: Streams that are open at once each bring their response
    Given a session of its own
    And a request that is answered with an event stream
    When the client sends that request twice at once
    Then each request is answered on its own stream

  @http.sse.response-included
  Scenario: Streams that are open at once each bring their response
    Given a session of its own
    And a request that is answered with an event stream
    When the client sends that request twice at once
    Then each request is answered on its own stream

  @http.multi.concurrent-posts
  Scenario: Streams that are open at once bring no response to each other
    Given a session of its own
    And a request that is answered with an event stream
    When the client sends that request twice at once
    Then no stream carries the response to another request

  @http.sse.disconnect-not-cancel
  Scenario: The loss of a connection cancels nothing
    Given the fixture tool test_slow_report
    And the fixture tool test_slow
    And a session of its own
    When the client starts slow work and closes the connection
    Then the work is finished

  @http.cancel.disconnect-is-cancel
  Scenario: A client that closes the stream cancels its request
    Given the fixture tool test_slow_report
    And the fixture tool test_slow
    And a session of its own
    When the client starts slow work and closes the connection
    Then the work is cancelled

  @http.cancel.stop-work
  Scenario: The work on a request ends with its stream
    Given the fixture tool test_slow_report
    And the fixture tool test_slow
    And a session of its own
    When the client starts slow work and closes the connection
    Then the work goes no further

  @http.sse.priming-event
  Scenario: A stream begins with an event that the client can resume from
    Given a session
    And a request that is answered with an event stream
    When the client sends that request
    Then the first event has an id and no data

  @http.sse.retry-before-close
  Scenario: A server that closes a connection early says when to come back
    Given the fixture tool test_reconnection
    And a session of its own
    When the client calls the tool
    Then the server announces when to come back

  @http.sse.no-resumability
  Scenario: A stream of the stateless revisions cannot be resumed
    Given a session
    And a request that is answered with an event stream
    When the client asks to resume the stream of that request
    Then nothing of the stream is repeated

  @http.sse.no-independent-requests
  Scenario: The server asks for input in its result, not beside it
    Given the fixture tool test_streaming_elicitation
    And a session
    When the client calls the tool and offers elicitation
    Then the stream carries no request of the server

  @http.get.stream-or-405
  Scenario: A client that listens gets a stream, or learns that there is none
    Given a session of its own
    When the client listens
    Then the server answers with an event stream or with HTTP status 405

  @http.get.no-responses
  Scenario: Responses do not come on the stream that the client listens to
    Given a session of its own
    And a stream from the server
    When the client sends 3 harmless requests at once
    Then each request has its own answer
    And the stream from the server carries no response

  @http.multi.single-delivery
  Scenario: A request of the server comes on one stream only
    Given the fixture tool test_sampling
    And a session whose client offers sampling
    And a stream from the server
    When the client calls the tool
    Then no message of the server arrives twice

  @http.multi.single-delivery
  Scenario: Progress comes on one stream only
    Given the fixture tool test_tool_with_progress
    And a session of its own
    And a stream from the server
    When the client calls the tool with a progress token
    Then no message of the server arrives twice

  @http.multi.no-broadcast
  Scenario: What belongs to no request comes on one of two streams
    Given a session whose client offers roots
    And two streams from the server
    When the client notifies notifications/roots/list_changed
    Then no message of the server arrives twice

  @http.method-not-found-404
  Scenario: A method that does not exist has HTTP status 404
    Given a session
    When the client requests x-mcpcheck/no-such-method
    Then the unknown method has HTTP status 404
