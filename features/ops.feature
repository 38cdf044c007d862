Feature: Operation
  What is asked of a server in production, beyond the specification. It is judged
  with --profile production only, after everything else, one scenario at a time.

  @ops.health.answers
  Scenario: The server says that it is alive
    Given a session
    And a health endpoint
    When the client asks the endpoint
    Then the endpoint answers that all is well

  @ops.readiness.answers
  Scenario: The server says that it is ready
    Given a session
    And a readiness endpoint
    When the client asks the endpoint
    Then the endpoint answers that all is well

  @ops.metrics.format
  Scenario: The metrics are in the format of Prometheus
    Given a session
    And a metrics endpoint
    When the client asks the endpoint
    Then the metrics can be read

  @ops.metrics.counts-calls
  Scenario: The metrics tell of calls
    Given a session
    And a metrics endpoint
    And a safe tool
    When the client reads the metrics before and after 3 calls of the tool
    Then a counter has grown by 3 or more

  @ops.audit.tool-call
  Scenario: The audit log names the tool that is called
    Given a session of its own
    And a safe tool
    When the client calls the tool and reads the log
    Then the log names the tool

  @ops.audit.no-secrets
  Scenario: The log keeps secrets
    Given a session of its own
    And a safe tool that takes text
    When the client calls the tool with a secret
    Then the log does not hold the secret

  @ops.permission.outside-paths
  Scenario: A path does not lead out of what a tool may read
    Given a session
    And a safe tool that takes a path
    When the client calls the tools that take a path with paths of system files
    Then no answer holds a system file

  @ops.permission.denied-resources
  Scenario: A resource that is denied is denied however it is spelt
    Given a session
    And resources that the server is to deny
    When the client reads the denied resources in several spellings
    Then no denied resource is read

  @ops.isolation.colliding-ids
  Scenario: Two clients with the same request ids each get their own answers
    Given a session of its own
    And a second session
    When the client sends requests with the same ids in both sessions 10 times
    Then each session gets the answers to its own requests

  @ops.sessions.any-connection
  Scenario: A session goes on over any connection
    Given a session of its own
    When the client goes on with the session over 10 connections and at each replica
    Then every request is answered with a result

  @ops.drain.calls-answered
  Scenario: The server answers the call in progress before it ends
    Given a session of its own
    And a safe tool that takes its time
    When the client sends SIGTERM while the tool works
    Then the server answers the call in progress

  @ops.breaker.fails-fast
  Scenario: Calls fail fast while the backend is down
    Given a backend that the client can take down
    When the client calls a tool while the backend is down
    Then the calls fail fast

  @ops.readiness.backend
  Scenario: The server is not ready while its backend is down
    Given a backend that the client can take down
    And a readiness endpoint
    When the client calls a tool while the backend is down
    Then the endpoint said that the server is not ready

  @ops.breaker.recovers
  Scenario: Calls succeed when the backend is up again
    Given a backend that the client can take down
    When the client calls a tool while the backend is down
    Then the tool succeeds when the backend is up again

  @ops.rate-limit.retry-after
  Scenario: A client that is refused for its rate is told when to come back
    Given a session
    When the client sends as many requests as the server takes
    Then the refusal says when to come back

  @ops.rate-limit.recovers
  Scenario: A client that was refused for its rate is served again
    Given a session
    When the client sends as many requests as the server takes
    Then the client is served again in time
