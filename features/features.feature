Feature: Features of servers
  Tools, resources and prompts are offered in the same way: the server declares a
  capability, serves a list, and tells of its changes if it said so.

  @features.method.unadvertised-not-found
  Scenario Outline: A server that does not declare <items> does not know <items>/list
    Given the server does not declare <items>
    And a session
    When the client requests <items>/list
    Then the server answers that it has no list of <items>

    Examples:
      | items     |
      | tools     |
      | resources |
      | prompts   |

  @features.list-changed.only-when-declared
  Scenario Outline: A server that does not declare <items>.listChanged tells of no change
    Given the server does not declare <items>.listChanged
    And the fixture tool test_trigger_<item>_change
    And a session that listens for changes of the list of <items>
    When the client calls the tool
    Then the server does not notify notifications/<items>/list_changed

    Examples:
      | items     | item     |
      | tools     | tool     |
      | resources | resource |
      | prompts   | prompt   |

  @features.list-changed.shape
  Scenario Outline: A change of the list of <items> is told in the right form
    Given the server declares <items>.listChanged
    And the fixture tool test_trigger_<item>_change
    And a session that listens for changes of the list of <items>
    When the client calls the tool
    Then a change that the server notifies is well formed

    Examples:
      | items     | item     |
      | tools     | tool     |
      | resources | resource |
      | prompts   | prompt   |
