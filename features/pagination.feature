Feature: Pagination
  A list can come in pages. A page that is not the last names the next one by a
  cursor, which only the server understands.

  @pagination.request.params-optional
  Scenario Outline: The list of <items> can be requested without params
    Given the list of <items>
    And a session
    When the client requests <method> without params
    Then the server answers with a result

    Examples:
      | items              | method                   |
      | tools              | tools/list               |
      | resources          | resources/list           |
      | resource templates | resources/templates/list |
      | prompts            | prompts/list             |

  @pagination.cursor.accepted
  Scenario Outline: The server takes back its own cursor for <items>
    Given a second page of <items>
    When the client requests the first and the second page of <items>
    Then the server answers with a result

    Examples:
      | items              |
      | tools              |
      | resources          |
      | resource templates |
      | prompts            |

  @pagination.cursor.opaque-position
  Scenario Outline: A page of <items> goes on where the one before ended
    Given a second page of <items>
    When the client follows the cursors of <items>
    Then no item is on two pages of <items>

    Examples:
      | items              |
      | tools              |
      | resources          |
      | resource templates |
      | prompts            |

  @pagination.walk.terminates
  Scenario Outline: The pages of <items> come to an end
    Given a second page of <items>
    When the client follows the cursors of <items>
    Then the pages of <items> come to an end

    Examples:
      | items              |
      | tools              |
      | resources          |
      | resource templates |
      | prompts            |

  @pagination.cursor.stable
  Scenario Outline: A cursor for <items> brings the same page again
    Given a second page of <items>
    When the client requests the second page of <items> twice
    Then both times the same <items> came

    Examples:
      | items              |
      | tools              |
      | resources          |
      | resource templates |
      | prompts            |

  @pagination.invalid-cursor.code
  Scenario Outline: The list of <items> is refused to the cursor <cursor>
    Given the list of <items>
    And a session
    When the client requests <method> with
      """
      {"cursor": "<cursor>"}
      """
    Then the server answers with error -32602

    Examples: not of any usual form
      | items              | method                   | cursor           |
      | tools              | tools/list               | !!mcpcheck!!     |
      | resources          | resources/list           | !!mcpcheck!!     |
      | resource templates | resources/templates/list | !!mcpcheck!!     |
      | prompts            | prompts/list             | !!mcpcheck!!     |

    Examples: Base64 of nothing that a server issues
      | items              | method                   | cursor           |
      | tools              | tools/list               | bWNwY2hlY2sAcQ== |
      | resources          | resources/list           | bWNwY2hlY2sAcQ== |
      | resource templates | resources/templates/list | bWNwY2hlY2sAcQ== |
      | prompts            | prompts/list             | bWNwY2hlY2sAcQ== |

  @pagination.invalid-cursor.graceful
  Scenario Outline: Bad cursors do not disturb the list of <items>
    Given the list of <items>
    And a session of its own
    When the client requests <items> with bad cursors between two good requests
    Then the good requests bring the same <items>

    Examples:
      | items              |
      | tools              |
      | resources          |
      | resource templates |
      | prompts            |
