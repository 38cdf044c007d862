Feature: Headers that mirror the body
  Over Streamable HTTP a request repeats in its header what is in its body, so
  that those on the way can route it unread. A server that reads the body must
  not trust a header that says something else.

  @headers.version.legacy-invalid-400
  Scenario Outline: A request that declares revision <revision> has status 400
    Given a session
    When the client sends a harmless request with the header MCP-Protocol-Version "<revision>"
    Then the HTTP status is 400

    Examples:
      | revision   |
      | bogus      |
      | 1999-01-01 |

  @headers.version.legacy-default
  Scenario: A request that declares no revision is served
    Given a session
    When the client sends a harmless request without the header MCP-Protocol-Version
    Then the server answers with a result

  @headers.names.case-insensitive-legacy
  Scenario Outline: Header names in <letter> case are recognised
    Given a session
    When the client sends a harmless request with its header names in <letter> case
    Then the server answers with a result

    Examples:
      | letter |
      | lower  |
      | upper  |

  @headers.names.case-insensitive
  Scenario Outline: Header names in <letter> case are recognised
    Given a session
    When the client sends a harmless request with its header names in <letter> case
    Then the server answers with a result

    Examples:
      | letter |
      | lower  |
      | upper  |

  @headers.version.match
  Scenario: A header that declares another revision than the body is refused
    Given a session
    When the client discovers with the header MCP-Protocol-Version "2099-01-01"
    Then the server refuses the request

  @headers.version.match
  Scenario: A body that declares another revision than the header is refused
    Given a session
    When the client discovers with protocolVersion "1900-01-01" in _meta
    Then the server refuses the request

  @headers.version.missing-rejected
  Scenario: A request without MCP-Protocol-Version is refused
    Given the server serves no client from before 2025-06-18
    And a session
    When the client discovers without the header MCP-Protocol-Version
    Then the server refuses the request

  @headers.method.missing-rejected
  Scenario: A request without Mcp-Method is refused
    Given a session
    When the client discovers without the header Mcp-Method
    Then the server refuses the request

  @headers.method.mismatch-rejected
  Scenario: A request with the Mcp-Method of another is refused
    Given a session
    When the client discovers with the header Mcp-Method "tools/list"
    Then the server refuses the request

  @headers.values.case-sensitive
  Scenario: The letter case of a header value matters
    Given a session
    When the client discovers with another Mcp-Method, and with its own in capitals
    Then the second refusal is like the first

  @headers.values.invalid-chars-rejected
  Scenario: A header with a character that it must not have is refused
    Given a session
    When the client discovers with another Mcp-Method, and with its own and a byte that is not ASCII
    Then the second refusal is like the first

  @headers.values.ows-trimmed
  Scenario: Spaces around a header value are no part of it
    Given a session
    When the client discovers with spaces around the values of its headers
    Then the server answers with a result

  @headers.name.missing-rejected
  Scenario Outline: A request for a <kind> without Mcp-Name is refused
    Given a <kind> to ask for by name
    And a session
    When the client asks for it without Mcp-Name
    Then the server refuses the request

    Examples:
      | kind     |
      | tool     |
      | resource |
      | prompt   |

  @headers.name.mismatch-rejected
  Scenario Outline: A request for a <kind> with the Mcp-Name of another is refused
    Given a <kind> to ask for by name
    And a session
    When the client asks for it with another Mcp-Name
    Then the server refuses the request

    Examples:
      | kind     |
      | tool     |
      | resource |
      | prompt   |

  @headers.name.base64-decoded
  Scenario: An Mcp-Name in Base64 stands for what it encodes
    Given something to ask for by name
    And a session
    When the client asks for it with Mcp-Name in Base64
    Then the server answers as it does to the proper request

  @headers.name.base64-decoded
  Scenario: An Mcp-Name in Base64 is compared as well
    Given something to ask for by name
    And a session
    When the client asks for it with another Mcp-Name, plain and in Base64
    Then the second refusal is like the first
