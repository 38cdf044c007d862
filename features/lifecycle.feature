Feature: Lifecycle
  A conversation of the revisions before 2026-07-28 opens with the client's
  initialize request. Both sides settle which revision they speak and what each
  of them offers; only then does the work begin.

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
