Feature: Versioning
  From 2026-07-28 on nothing is negotiated: each request names the revision that
  it speaks, and the server takes or refuses that request alone. A server may
  speak both the stateless revisions and those that begin with initialize.

  @version.unsupported.error
  Scenario Outline: A request of revision <revision> is refused as unsupported
    Given a session
    When the client requests server/discover at revision <revision>
    Then the server answers with error -32022

    Examples:
      | revision   |
      | 1900-01-01 |
      | 2099-01-01 |

  @version.unsupported.data-supported
  Scenario: The refusal lists the revisions that are supported
    Given a session
    When the client requests server/discover at revision 2099-01-01
    Then the error lists the supported revisions

  @version.unsupported.data-requested
  Scenario: The refusal repeats the revision that was asked for
    Given a session
    When the client requests server/discover at revision 2099-01-01
    Then the error repeats revision 2099-01-01

  @version.unsupported.http-400
  Scenario: Over HTTP the refusal has status 400
    Given a session
    When the client requests server/discover at revision 2099-01-01
    Then the refusal of the revision has HTTP status 400

  @version.per-request
  Scenario: A refused revision does not weigh on the next request
    Given a session of its own
    When the client requests server/discover at revision 2199-01-01
    Then the server answers with an error
    And the server is still alive

  @version.dual-era.selection
  Scenario: A server of both eras serves stateless requests beside a handshake
    Given the server is dual-era
    And a session
    When a client of earlier revisions initializes and requests ping
    Then the server serves it by the negotiated revision
    And the server is still alive

  @version.modern-only.initialize-rejected
  Scenario: A server of the stateless revisions alone refuses a handshake
    Given the server is modern only
    When the client requests initialize at revision 2025-11-25
    Then the handshake is refused as over this transport it has to be

  @version.modern-only.initialize-error-names-versions
  Scenario: The refusal of a handshake tells which revision the server speaks
    Given the server is modern only
    When the client requests initialize at revision 2025-11-25
    Then the refusal of the handshake names a supported revision

  @version.dual-era.initialize-counter-offer-legacy
  Scenario: A handshake never settles on a stateless revision
    Given the server is dual-era
    When the client requests initialize at revision 2026-07-28
    Then the handshake settles on no stateless revision
