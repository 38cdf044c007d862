Feature: Caching
  What a server says of itself and what it offers may be kept by those who asked.
  Each such result says for how long, and whether it may be shown to others.

  @caching.scope.same-on-all-pages
  Scenario Outline: The pages of <items> agree on who may keep them
    Given a second page of <items>
    When the client follows the cursors of <items>
    Then each page has the same cacheScope

    Examples:
      | items              |
      | tools              |
      | resources          |
      | resource templates |
      | prompts            |

  @caching.hints.not-on-input-required
  Scenario: A result that asks for input is not to be kept
    Given the fixture tool test_input_required_result_elicitation
    And a session
    When a client that can elicit calls the tool
    Then the interim result has no caching hints
