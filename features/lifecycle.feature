Feature: Lifecycle
  A conversation of the revisions before 2026-07-28 opens with the client's
  initialize request. Both sides settle which revision they speak and what each
  of them offers; only then does the work begin.

  @lifecycle.initialize.first-interaction
  Scenario: The server leaves the first word to the client
    Given a new connection
    When the client waits before it requests initialize
    Then the server said nothing first

  @lifecycle.initialize.responds
  Scenario: The server answers initialize
    When the client requests initialize at the revision under test
    Then the server answers with a result

  @lifecycle.initialize.responds
  Scenario: The server answers initialize with members that it does not know
    Given a new connection
    When the client requests initialize with what nobody knows
    Then the server answers with a result

  @lifecycle.version.echo
  Scenario: The server agrees to a revision that it supports
    When the client requests initialize at the revision under test
    Then the server agrees to the revision under test

  @lifecycle.version.counter-offer
  Scenario Outline: The server meets revision <revision> with one of its own
    Given a session
    When the client requests initialize at revision <revision>
    Then the server offers a published revision instead
    And the server agrees to what it offered

    Examples:
      | revision   |
      | 1999-01-01 |
      | 2099-12-31 |

  @lifecycle.version.counter-offer-latest
  Scenario: The server offers the newest revision that it supports
    When the client requests initialize at revision 1999-01-01
    Then the server offers its newest revision

  @lifecycle.initialized.no-requests-before
  Scenario: The server asks for nothing before the client is ready
    Given a session that is not yet initialized
    When the client waits before it is initialized
    Then the server asks for nothing but ping

  @lifecycle.initialized.accepted
  Scenario: The server takes the news that the client is ready
    Given a session that is not yet initialized
    When the client notifies notifications/initialized
    Then the server accepts the notification

  @lifecycle.initialized.accepted
  Scenario: The server takes that news with params
    Given a session that is not yet initialized
    When the client notifies notifications/initialized with
      """
      {"_meta": {}}
      """
    Then the server accepts the notification

  @lifecycle.shutdown.http-close
  Scenario: A client whose connections are closed can come back
    Given a new connection
    When the client closes its connections and begins anew
    Then the server answers with a result

  @lifecycle.errors.prepared
  Scenario: The server gets over a client of a revision that nobody published
    Given a session
    When the client requests initialize at revision 1.0.0
    Then the server answers and takes the next client
