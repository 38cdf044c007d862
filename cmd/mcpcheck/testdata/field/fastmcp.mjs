// A small server on fastmcp, a framework over the official TypeScript SDK.
import { FastMCP } from "fastmcp";
import { z } from "zod";

const server = new FastMCP({ name: "field", version: "1.0.0" });
server.addTool({
  name: "add",
  description: "Adds two numbers",
  annotations: { readOnlyHint: true },
  parameters: z.object({ a: z.number(), b: z.number() }),
  execute: async ({ a, b }) => String(a + b),
});
server.addPrompt({
  name: "commit",
  description: "Asks for a commit message",
  arguments: [{ name: "changes", required: true }],
  load: async ({ changes }) => `Write about ${changes}`,
});
server.addResource({
  uri: "file:///log",
  name: "log",
  mimeType: "text/plain",
  load: async () => ({ text: "a line" }),
});

const port = Number(process.env.PORT);
await server.start(port ? { transportType: "httpStream", httpStream: { host: "127.0.0.1", port } } : { transportType: "stdio" });
