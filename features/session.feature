Feature: Sessions
  Over Streamable HTTP a server can bind the requests of one client together: it
  assigns an id in its answer to initialize, which the client then sends with
  every request until one of them ends the session.

  @session.id.visible-ascii
  Scenario: A session id is made of visible ASCII
    When the client requests initialize at the revision under test
    Then the server assigns a session id
    And the session id is visible ASCII

  @session.id.unique-secure
  Scenario: Session ids cannot be guessed
    Given a session with an id
    When the client opens 5 sessions
    Then no session id comes twice
    And no session id can be guessed from the others

  @session.id.required-400
  Scenario: A request without a session id is refused where one is needed
    Given a session with an id
    When the client sends a harmless request without its session id
    Then the server has no need of the id, or refuses with HTTP status 400

  @session.id.required-400
  Scenario: A stream without a session id is refused where one is needed
    Given a session with an id
    When the client opens a stream without its session id
    Then the stream is opened all the same, or refused with HTTP status 400

  @session.id.accepted
  Scenario: A request in a session is served
    Given a session with an id
    When the client sends a harmless request
    Then the server answers with a result

  @session.id.accepted
  Scenario: A request in a session is served over another connection
    Given a session with an id
    When the client sends a harmless request over a connection of its own
    Then the server answers with a result

  @session.unknown-404
  Scenario: A session id that nobody was given is not found
    Given a session with an id
    When the client sends a harmless request with a session id that nobody was given
    Then the HTTP status is 404

  @session.terminated-404
  Scenario: A request in a session that has ended is not found
    Given a session that the client has ended
    When the client sends a harmless request
    Then the HTTP status is 404

  @session.terminated-404
  Scenario: A stream of a session that has ended is not found
    Given a session that the client has ended
    When the client opens a stream
    Then the stream is refused with HTTP status 404

  @session.scoped-delivery
  Scenario: What belongs to one session does not reach another
    Given a session of its own
    And a second session
    When the client works in one session and listens in both
    Then nothing of that work reaches the second session
