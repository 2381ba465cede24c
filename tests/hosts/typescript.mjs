// A host with the TypeScript SDK: node typescript.mjs MODULES stdio COMMAND ARGUMENT... | http URL | sse URL
// Searches, calls what it found, and prints what came back as one JSON object.
const [modules, transport, ...rest] = process.argv.slice(2);
const sdk = `${modules}/@modelcontextprotocol/client/dist`;
const { Client, StreamableHTTPClientTransport, SSEClientTransport } = await import(`${sdk}/index.mjs`);

async function open() {
  if (transport === "stdio") {
    const { StdioClientTransport } = await import(`${sdk}/stdio.mjs`);
    return new StdioClientTransport({ command: rest[0], args: rest.slice(1), env: process.env, stderr: "ignore" });
  }
  const Transport = transport === "http" ? StreamableHTTPClientTransport : SSEClientTransport;
  return new Transport(new URL(rest[0]));
}

const client = new Client({ name: "typescript", version: "0" });
await client.connect(await open());
const { tools } = await client.listTools();
const found = await client.callTool({ name: "search_tools", arguments: { query: "convert a time between time zones" } });
const name = found.structuredContent.tools[0].name;
const now = await client.callTool({ name: "call_tool", arguments: { name: "time__get_current_time", arguments: { timezone: "Asia/Tokyo" } } });
await client.close();
console.log(JSON.stringify({ listed: tools.map((tool) => tool.name), found: name, now: now.content[0].text }));
