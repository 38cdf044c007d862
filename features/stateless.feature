Feature: Statelessness
  Each request of the stateless revisions carries all that the server has to know
  of the client. What is missing is not to be remembered from another request.

  @stateless.request-meta.missing-meta
  Scenario: A request without _meta is refused
    Given a session of its own
    When the client discovers without _meta
    Then the server refuses the lack of a revision

  @stateless.request-meta.missing-protocol-version
  Scenario: A request that names no revision is refused
    Given a session of its own
    When the client discovers without protocolVersion in _meta
    Then the server refuses the lack of a revision

  @stateless.request-meta.missing-client-capabilities
  Scenario: A request that names no client capabilities is refused
    Given a session of its own
    When the client discovers without clientCapabilities in _meta
    Then the server answers with error -32602

  @stateless.request-meta.wrong-types
  Scenario: A request whose protocolVersion is a number is refused
    Given a session of its own
    When the client discovers with protocolVersion 20260728 in _meta
    Then the server refuses the lack of a revision

  @stateless.request-meta.wrong-types
  Scenario Outline: A request whose clientCapabilities are <value> is refused
    Given a session of its own
    When the client discovers with clientCapabilities <value> in _meta
    Then the server answers with error -32602

    Examples:
      | value |
      | []    |
      | "x"   |

  @stateless.request-meta.http-400
  Scenario: Over HTTP the refusal of an incomplete request has status 400
    Given a session of its own
    When the client discovers without clientCapabilities in _meta
    Then the refusal of the request has HTTP status 400

  @stateless.request-meta.client-info-optional
  Scenario: A client need not introduce itself
    Given a session
    When the client discovers without clientInfo in _meta
    Then the server answers with a result

  @stateless.no-prior-context
  Scenario: A list is served to a client that said nothing before
    Given the server declares a list
    And a new connection
    When the client requests that list
    Then the server answers with a result

  @stateless.no-prior-context
  Scenario: What an earlier request said is not remembered
    Given a new connection
    When the client discovers without clientCapabilities before and after a full request
    Then the second refusal is like the first

  @stateless.multi-conversation
  Scenario: Requests of unrelated clients are served side by side
    Given a session
    When the client sends 5 harmless requests as 5 clients
    Then each request has its own answer
    And each answer is a result

  @stateless.no-connection-affinity
  Scenario: Related requests need no common connection
    Given the server declares a list
    And a session
    When the client requests that list on a second connection
    Then the server answers on the second connection as well

  @stateless.capabilities.no-inference
  Scenario: Capabilities of an earlier request are not carried over
    Given the fixture tool test_missing_capability
    And a new connection
    When the client calls the tool without, with and without sampling
    Then the second refusal is like the first

  @stateless.capability.not-relied-on
  Scenario: A call asks for nothing that the client does not offer
    Given the fixture tool test_missing_capability
    And a session
    When the client calls the tool
    Then the server asks for no input that the client does not offer

  @stateless.capability.missing-error
  Scenario: A call that needs more than the client offers names what is missing
    Given the fixture tool test_missing_capability
    And a session
    When the client calls the tool
    Then the error lists the required capabilities

  @stateless.capability.missing-http-400
  Scenario: Over HTTP a missing capability has status 400
    Given the fixture tool test_missing_capability
    And a session
    When the client calls the tool
    Then the refusal of the request has HTTP status 400

  @stateless.client-info.no-behaviour-change
  Scenario: The server treats all clients alike
    Given the server declares a list
    And a session of its own
    When the client requests that list under several names
    Then each name sees the same
