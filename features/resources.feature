Feature: Resources
  A server shares data by URI: files, tables, whatever a client may want to put
  before a model. It lists them, or names the form of their URIs by templates, and
  hands out their contents when asked.

  @resources.capability.declared
  Scenario Outline: A server that does not declare resources has none in <method>
    Given the server does not declare resources
    And a session
    When the client requests <method>
    Then the list is empty or an error

    Examples:
      | method                   |
      | resources/list           |
      | resources/templates/list |

  @resources.list.answered
  Scenario: A server that declares resources lists them
    Given the server declares resources
    And a session
    When the client requests resources/list
    Then the server answers with a result

  @resources.list.no-connection-variance
  Scenario: The list of resources is the same on every connection
    When the client compares the resources on two connections
    Then both connections see the same

  @resources.list.no-side-effect-variance
  Scenario: The list of resources does not depend on other requests
    When the client compares the resources on two connections
    Then the connection that was used otherwise sees the same

  @resources.list.result-shape
  Scenario: The list of resources is an array of objects
    When the client lists the resources
    Then each page of the list holds an array of objects

  @resources.item.uri
  Scenario: Each resource has an absolute URI
    When the client lists the resources
    Then each of them has an absolute URI

  @resources.item.name
  Scenario: Each resource has a name
    When the client lists the resources
    Then each of them has a string name

  @resources.item.optional-types
  Scenario: What a resource says of itself has its type
    When the client lists the resources
    Then the optional members of each have their types

  @resources.item.uri-unique
  Scenario: Each resource has a URI of its own
    When the client lists the resources
    Then no two of them have the same uri

  @resources.item.readable
  Scenario: What is listed can be read
    When the client reads the listed resources
    Then each listed resource can be read

  @resources.templates.result-shape
  Scenario: The list of resource templates is an array of objects
    When the client lists the resource templates
    Then each page of the list holds an array of objects

  @resources.template.uri-template
  Scenario: Each resource template is a URI template
    When the client lists the resource templates
    Then each of them has a well-formed URI template

  @resources.template.name
  Scenario: Each resource template has a name
    When the client lists the resource templates
    Then each of them has a string name

  @resources.template.optional-types
  Scenario: What a resource template says of itself has its type
    When the client lists the resource templates
    Then the optional members of each have their types

  @resources.template.mime-type
  Scenario: A resource template states the type of all that it produces
    Given the fixture template "test://template/{id}/data"
    And a session
    When the client reads test://template/123/data and test://template/456/data
    Then the contents have the mimeType of the template

  @resources.template.expansion-readable
  Scenario: What a resource template describes can be read
    Given the fixture template "test://template/{id}/data"
    And a session
    When the client reads test://template/123/data
    Then the contents say "123"

  @resources.read.result-shape
  Scenario: Reading a resource gives an array of contents
    When the client reads the listed resources
    Then each result holds an array of contents

  @resources.read.item-fields
  Scenario: Contents are text or a blob
    When the client reads the listed resources
    Then each of the contents has text or a blob

  @resources.read.item-uri
  Scenario: Contents say which resource they are of
    When the client reads the listed resources
    Then each of the contents has an absolute URI

  @resources.read.blob-base64
  Scenario: Binary contents are base64
    When the client reads the listed resources
    Then each blob is base64

  @resources.read.not-found-code-legacy
  Scenario: Before 2026-07-28 a resource that does not exist has an error of its own
    Given no resource template matches everything
    And a session
    When the client reads a resource that does not exist
    Then the server says with -32002 that there is no such resource

  @resources.read.not-found-code
  Scenario: A resource that does not exist is an invalid parameter
    Given no resource template matches everything
    And a session
    When the client reads a resource that does not exist
    Then the server says with -32602 that there is no such resource

  @resources.read.not-found-no-empty
  Scenario: A resource that does not exist is not an empty one
    Given no resource template matches everything
    And a session
    When the client reads a resource that does not exist
    Then the result does not hold empty contents

  @resources.read.not-found-data-uri
  Scenario: The error says which resource does not exist
    Given no resource template matches everything
    And a session
    When the client reads a resource that does not exist
    Then the error repeats the URI

  @resources.read.internal-error-code
  Scenario: A resource that fails is an internal error
    Given the server has the failing resource test://failing-resource
    And a session
    When the client reads test://failing-resource
    Then the server answers with error -32603

  @resources.read.missing-uri
  Scenario Outline: Reading with params <params> is refused
    Given the server declares resources
    And a session of its own
    When the client requests resources/read with
      """
      <params>
      """
    Then the server refuses with -32602, or -32020 over HTTP

    Examples:
      | params      |
      | {}          |
      | {"uri": 42} |

  @resources.security.validate-uris
  Scenario: What is no URI is not read
    Given no resource template matches everything
    And a session of its own
    When the client reads what is no URI
    Then none of them is answered with contents
    And the server is still alive

  @resources.security.path-traversal
  Scenario: No URI leads out of the directory that the server exposes
    Given the server declares resources
    And a session
    When the client reads its way out of a directory
    Then nothing from outside the directory is read

  @resources.subscribe.accepted
  Scenario: A client may subscribe to a resource
    Given the server declares resources.subscribe
    And a listed resource
    And a session of its own
    When the client subscribes to the resource and ends the subscription
    Then the subscription is accepted

  @resources.unsubscribe.accepted
  Scenario: A client may end its subscription
    Given the server declares resources.subscribe
    And a listed resource
    And a session of its own
    When the client subscribes to the resource and ends the subscription
    Then the end of the subscription is accepted

  @resources.subscribe.removed
  Scenario Outline: From 2026-07-28 on there is no <method>
    Given a session
    When the client requests <method> with
      """
      {"uri": "conformance://nonexistent/$random"}
      """
    Then the server answers with error -32601

    Examples:
      | method                |
      | resources/subscribe   |
      | resources/unsubscribe |

  @resources.updated.sent
  Scenario: A subscriber is told that the resource changed
    Given the server declares resources.subscribe
    And the fixture resource test://watched-resource
    And the fixture tool test_update_watched_resource
    And a session that listens for updates of the resource
    When the client calls the tool
    Then the server notifies an update of the resource

  @resources.unsubscribe.effective
  Scenario: Who has unsubscribed is told no more
    Given the server declares resources.subscribe
    And the fixture resource test://watched-resource
    And the fixture tool test_update_watched_resource
    And a session that listens for updates of the resource
    When the client has an update of the resource, unsubscribes and changes it again
    Then no update comes after that

  @resources.updated.only-subscribed
  Scenario: Who subscribed to another resource is not told
    Given the server declares resources.subscribe
    And the fixture resource test://watched-resource
    And the fixture tool test_update_watched_resource
    And a session that listens for updates of the resource
    And a session that listens for updates of another resource as well
    When the client calls the tool
    Then the update comes only to the subscription that asked for it

  @resources.list-changed.sent
  Scenario: Clients are told that the list of resources changed
    Given the server declares resources.listChanged
    And the fixture tool test_trigger_resource_change
    And a session that listens for changes of the list of resources
    When the client calls the tool
    Then the server notifies notifications/resources/list_changed
