Feature: Tools
  A server that declares tools lists them, each with a schema of its arguments,
  and calls one when the client asks. What goes wrong within a tool is a result
  that says so; what is wrong with the request is an error.

  @tools.capability.declared
  Scenario: A server that does not declare tools has none
    Given the server does not declare tools
    And a session
    When the client requests tools/list
    Then the list is empty or an error

  @tools.list.answered
  Scenario: A server that declares tools lists them
    Given the server declares tools
    And a session
    When the client requests tools/list
    Then the server answers with a result

  @tools.list.no-connection-variance
  Scenario: The list of tools is the same on every connection
    When the client compares the tools on two connections
    Then both connections see the same

  @tools.list.no-side-effect-variance
  Scenario: The list of tools does not depend on other requests
    When the client compares the tools on two connections
    Then the connection that was used otherwise sees the same

  @tools.list.deterministic-order
  Scenario: The tools have an order
    Given the list of tools
    And a session of its own
    When the client lists all tools 3 times
    Then the tools come in the same order each time

  @tools.list.result-shape
  Scenario: The list of tools is an array of objects
    When the client lists the tools
    Then each page of the list holds an array of objects

  @tools.item.name
  Scenario: Each tool has a name
    When the client lists the tools
    Then each of them has a string name

  @tools.item.optional-types
  Scenario: What a tool says of itself has its type
    When the client lists the tools
    Then the optional members of each have their types

  @tools.item.name-unique
  Scenario: Each tool has a name of its own
    When the client lists the tools
    Then no two of them have the same name

  @tools.item.name-case-sensitive
  Scenario: A tool is not found by its name in another case
    Given a safe tool whose name has a letter
    And a session
    When the client calls the tool by its name in another case
    Then the server knows no such tool

  @tools.call.unknown-tool
  Scenario: A call of an unknown tool is an error
    Given the server declares tools
    And a session
    When the client calls a tool that does not exist
    Then the server refuses the unknown tool with an error

  @tools.call.unknown-tool-code
  Scenario: The error for an unknown tool has the code for invalid params
    Given the server declares tools
    And a session
    When the client calls a tool that does not exist
    Then the refusal of the unknown tool has code -32602

  @tools.call.malformed-request
  Scenario Outline: A call with the params <params> is an error
    Given the server declares tools
    And a session of its own
    When the client requests tools/call with the params <params>
    Then the server refuses the malformed call

    Examples:
      | params                       |
      | {"arguments":{}}             |
      | {"name":42,"arguments":{}}   |

  @tools.call.malformed-request
  Scenario Outline: A call with the arguments <arguments> is an error
    Given a safe tool
    And a session of its own
    When the client requests tools/call with the params {"name":"$tool","arguments":<arguments>}
    Then the server refuses the malformed call

    Examples:
      | arguments |
      | []        |
      | "x"       |

  @tools.call.arguments-optional
  Scenario: A call needs no arguments where the tool needs none
    Given a safe tool without required arguments
    And a session
    When the client calls the tool without arguments and with empty ones
    Then the server treats both calls alike

  @tools.call.input-validation-error
  Scenario: The server tells in a result what is wrong with the arguments
    Given a safe tool with a required argument
    And a session
    When the client calls the tool without its required argument
    Then the server tells of the arguments in a result

  @tools.call.execution-error-in-result
  Scenario: A tool that fails says so in its result
    Given the fixture tool test_error_handling
    And a session
    When the client calls the tool
    Then the tool reports its failure in the result

  @tools.security.validate-inputs
  Scenario: A call without a required argument is refused
    Given a safe tool with a required argument
    And a session
    When the client calls the tool without its required argument
    Then the server refuses the arguments

  @tools.security.validate-inputs
  Scenario: A call with a number where there is a choice of strings is refused
    Given a safe tool with a choice of strings
    And a session
    When the client calls the tool with a number for the choice
    Then the server refuses the arguments, as is advisable

  @tools.security.validate-inputs
  Scenario: A call with an argument that the tool does not allow is refused
    Given a safe tool that allows no other arguments
    And a session
    When the client calls the tool with an argument that it does not allow
    Then the server refuses the arguments, as is advisable

  @tools.schema.support-2020-12
  Scenario: Arguments are validated with the keywords of JSON Schema 2020-12
    Given the fixture tool json_schema_2020_12_tool
    And a session
    And the tool accepts {"contactMethod":"phone","phone":"1"}
    When the client calls the tool with the arguments {"contactMethod":"phone"}
    Then the server refuses the arguments, as is advisable

  @tools.schema.no-network-ref
  Scenario: A reference to the network is not followed
    Given the fixture tool whose schema refers to mcpcheck
    And a session
    When the client calls the tool with the arguments {"value":"mcpcheck"}
    Then the server does not fetch the reference

  @tools.schema.unresolved-ref-rejected
  Scenario: A schema that cannot be had accepts nothing
    Given the fixture tool whose schema refers to mcpcheck
    And a session
    When the client calls the tool with the arguments {"value":"mcpcheck"}
    Then the server refuses what it cannot validate

  @tools.structured.conforms
  Scenario: Structured content conforms to the output schema
    Given the list of tools
    And a session
    When the client calls each safe tool with an output schema
    Then each structured result conforms to its output schema

  @tools.list-changed.sent
  Scenario: The server tells that its list of tools changed
    Given the server declares tools.listChanged
    And the fixture tool test_trigger_tool_change
    And a session that listens for changes of the list of tools
    When the client calls the tool
    Then the server notifies notifications/tools/list_changed
