// A small server on tmcp, which stands on no other MCP library.
import { McpServer } from "tmcp";
import { ZodJsonSchemaAdapter } from "@tmcp/adapter-zod";
import { HttpTransport } from "@tmcp/transport-http";
import { StdioTransport } from "@tmcp/transport-stdio";
import { serve } from "srvx";
import { z } from "zod";

const server = new McpServer(
  { name: "field", version: "1.0.0" },
  {
    adapter: new ZodJsonSchemaAdapter(),
    capabilities: { tools: { listChanged: true }, prompts: { listChanged: true }, resources: { listChanged: true } },
  },
);
server.tool(
  {
    name: "add",
    description: "Adds two numbers",
    annotations: { readOnlyHint: true },
    schema: z.object({ a: z.number(), b: z.number() }),
  },
  ({ a, b }) => ({ content: [{ type: "text", text: String(a + b) }] }),
);
server.prompt(
  { name: "commit", description: "Asks for a commit message", schema: z.object({ changes: z.string() }) },
  ({ changes }) => ({ messages: [{ role: "user", content: { type: "text", text: `Write about ${changes}` } }] }),
);
server.resource({ name: "log", description: "A log", uri: "file:///log" }, (uri) => ({
  contents: [{ uri, mimeType: "text/plain", text: "a line" }],
}));

if (process.env.PORT) {
  const http = new HttpTransport(server, { path: "/mcp" });
  serve({
    port: Number(process.env.PORT),
    hostname: "127.0.0.1",
    fetch: async (request) => (await http.respond(request)) ?? new Response(null, { status: 404 }),
  });
} else {
  new StdioTransport(server).listen();
}
