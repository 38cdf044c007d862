Feature: Resumption of streams
  A server can number the events of its streams. A client that lost a stream asks,
  with the id of the last event that it received, for what it missed of that
  stream, and gets nothing else.

  @resume.replay-same-stream
  Scenario: A resumed stream carries nothing of another
    Given a session of its own
    And the fixture tool test_tool_with_progress
    And stream A of the tool, cut after an event with an id
    And stream B of the tool, read to its end
    When the client resumes stream A
    Then stream A goes on without messages of stream B

  @resume.no-duplicates-before-id
  Scenario: A resumed stream begins after the last event that was received
    Given a session of its own
    And the fixture tool test_tool_with_progress
    And stream A of the tool, cut after an event with an id
    When the client resumes stream A
    Then stream A goes on after what was received

  @resume.via-get-any-origin
  Scenario: A stream that was opened by a request is resumed by GET
    Given a session of its own
    And the fixture tool test_reconnection
    When the client calls the tool
    Then the response arrives although the server closed the connection before
