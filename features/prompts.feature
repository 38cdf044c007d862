Feature: Prompts
  A server offers messages that a user may choose to put before a model, with
  arguments to fill in.

  @prompts.capability.declared
  Scenario: A server that does not declare prompts has none
    Given the server does not declare prompts
    And a session
    When the client requests prompts/list
    Then the list is empty or an error

  @prompts.list.answered
  Scenario: A server that declares prompts lists them
    Given the server declares prompts
    And a session
    When the client requests prompts/list
    Then the server answers with a result

  @prompts.list.no-connection-variance
  Scenario: The list of prompts is the same on every connection
    When the client compares the prompts on two connections
    Then both connections see the same

  @prompts.list.no-side-effect-variance
  Scenario: The list of prompts does not depend on other requests
    When the client compares the prompts on two connections
    Then the connection that was used otherwise sees the same

  @prompts.list.result-shape
  Scenario: The list of prompts is an array of objects
    When the client lists the prompts
    Then each page of the list holds an array of objects

  @prompts.item.name
  Scenario: Each prompt has a name
    When the client lists the prompts
    Then each of them has a string name

  @prompts.item.name-unique
  Scenario: Each prompt has a name of its own
    When the client lists the prompts
    Then no two of them have the same name

  @prompts.item.optional-types
  Scenario: What a prompt says of itself has its type
    When the client lists the prompts
    Then the optional members of each have their types

  @prompts.item.argument-fields
  Scenario: The arguments of a prompt are described as the protocol says
    When the client lists the prompts
    Then the arguments of each are named and typed

  @prompts.get.result-shape
  Scenario: Getting a prompt gives an array of messages
    When the client gets the listed prompts
    Then each result holds an array of messages

  @prompts.get.arguments-optional
  Scenario: A prompt that requires no arguments is given without any
    Given a prompt without required arguments
    And a session
    When the client gets the prompt with and without arguments
    Then the prompt is given without arguments as well

  @prompts.get.unknown-name
  Scenario: A prompt that does not exist is an invalid parameter
    Given the server declares prompts
    And a session
    When the client requests prompts/get with
      """
      {"name": "conformance-no-such-prompt-$random"}
      """
    Then the server answers with error -32602

  @prompts.get.missing-required-argument
  Scenario: A prompt without its required arguments is refused
    Given a prompt with a required argument
    And a session
    When the client gets the prompt without its required arguments
    Then the prompt is refused with -32602, or asks for input

  @prompts.get.internal-error-code
  Scenario: A prompt that fails is an internal error
    Given the fixture prompt test_failing_prompt
    And a session
    When the client gets the prompt
    Then the server answers with error -32603

  @prompts.get.validate-arguments
  Scenario: An argument that is no string is refused
    Given a prompt with an argument
    And a session of its own
    When the client gets the prompt with a number for an argument
    Then the server answers with an error

  @prompts.get.validate-arguments
  Scenario: Arguments that are no object are refused
    Given a prompt
    And a session of its own
    When the client gets the prompt with an array of arguments
    Then the server answers with an error

  @prompts.get.substitution
  Scenario: The messages use the arguments
    Given the fixture prompt test_prompt_with_arguments
    And a session
    When the client gets the prompt with values that nobody else knows
    Then the messages use the values

  @prompts.list-changed.sent
  Scenario: Clients are told that the list of prompts changed
    Given the server declares prompts.listChanged
    And the fixture tool test_trigger_prompt_change
    And a session that listens for changes of the list of prompts
    When the client calls the tool
    Then the server notifies notifications/prompts/list_changed
