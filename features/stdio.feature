Feature: stdio
  The client launches the server and speaks with it over its standard streams:
  one message on each line, on stdout nothing else, and the end of stdin is the
  end of the conversation.

  @stdio.framing.reads-lines
  Scenario Outline: The server reads requests <writing>
    Given a session of its own
    When the client writes harmless requests <writing>
    Then each request has its own answer

    Examples:
      | writing         |
      | in small pieces |
      | two at a time   |
      | ended by CRLF   |
      | of 1 MiB        |

  @stdio.messages.via-stdout
  Scenario: The server answers on stdout
    When the client asks on stdin
    Then the server answers on stdout

  @stdio.cancel.stop-work
  Scenario: The server stops the work on a request that is cancelled
    Given the fixture tool test_slow
    And a session
    When the client cancels the tool call once it reports progress
    Then the server sends no more progress

  @stdio.cancel.no-further-messages
  Scenario: The server says nothing more of a request that is cancelled
    Given a session
    When the client listens for changes and cancels that
    Then the server says no more of the subscription

  @stdio.shutdown.exit-on-eof
  Scenario: The server exits when stdin ends
    Given a session of its own
    When the client closes stdin
    Then the server exits by itself

  @stdio.shutdown.exit-on-eof
  Scenario: The server exits when stdin ends while it works
    Given a session of its own
    When the client closes stdin while requests are in flight
    Then the server exits by itself

  @stdio.shutdown.exit-on-sigterm
  Scenario: The server exits when it is told to
    Given a session of its own
    When the client sends SIGTERM
    Then the server exits for that signal

  @stdio.restart.no-state-needed
  Scenario: A new process serves what the one before it served
    Given a session of its own
    And a request that the server answers with a result
    When the client kills the server and repeats the request to a new one
    Then the server answers with a result
