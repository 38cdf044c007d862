Feature: HTTP with SSE
  In the transport of 2024-11-05 a client opens one event stream, on which
  everything comes that the server says. The first event names the address to
  which the client posts its messages.

  @sse.endpoints.two
  Scenario: The server has an endpoint to receive from and one to send to
    When the client opens the event stream and posts what a session begins with
    Then the event stream is open
    And each message that was posted has an HTTP status of success

  @sse.endpoint-event
  Scenario: The server names the address for messages
    When the client opens the event stream
    Then an endpoint event names the address for messages

  @sse.endpoint-event.first
  Scenario: The address comes before any message
    When the client opens the event stream
    Then no message comes before the endpoint event

  @sse.responses-on-stream
  Scenario: A response comes on the event stream
    Given a session
    When the client sends a harmless request with the id "on-the-stream"
    Then the response comes on the event stream

  @sse.client-isolation
  Scenario: The stream of one client carries nothing of another
    Given a session of its own
    And a second session
    When the client works in one session and listens in both
    Then nothing of that work reaches the second session
