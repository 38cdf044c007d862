Feature: Capabilities
  A server says at the beginning what it offers. What it does not declare, it does
  not do.

  @arch.capabilities.tools-declared
  Scenario: Tools can be called only where they are declared
    Given the server does not declare tools
    And a session
    When the client calls a tool that no server has
    Then the server refuses tool calls

  @arch.capabilities.features-advertised
  Scenario: A server whose log level can be set declares logging
    Given the server does not declare logging
    And a session of its own
    When the client requests logging/setLevel with
      """
      {"level": "info"}
      """
    Then the server refuses what it does not declare

  @arch.capabilities.features-advertised
  Scenario: A server with subscriptions to resources declares them
    Given the server declares resources
    And the server does not declare resources.subscribe
    And a listed resource
    And a session of its own
    When the client requests resources/subscribe with
      """
      {"uri": "$uri"}
      """
    Then the server refuses what it does not declare
