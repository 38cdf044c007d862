# Objectives under load, as a feature file of one's own says them. Run with
#
#   mcpcheck --target http://127.0.0.1:3000/mcp --features features/examples
#
# A server that is not on this machine needs --yes-load besides. Only a tool that
# is marked read-only is called, or one that --allow-tool names; write
#
#   Given the tool "search" with the arguments {"query": "mcp"}
#
# for one of yours. Calls are sent when they are due, whether or not earlier ones
# were answered, and latency counts from that moment. While a scenario puts load
# on the server no other runs.
Feature: The server keeps its promises under load

  Scenario: Calls at a moderate rate are answered in time
    Given a safe tool
    When the client calls the tool at 20/s for 2s
    Then the p99 stays below 500ms
    And the error rate stays below 1%

  @should
  Scenario: Several clients at once do not hinder each other
    Given a safe tool
    When the client calls the tool at 50/s for 2s in 5 sessions
    Then the throughput stays above 45/s
    And no call fails
