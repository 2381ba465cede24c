// Counts tokens for bench/replies.py --count: JSON strings on stdin, one a line; one number a line on stdout.
// Usage, in a folder where gpt-tokenizer and @anthropic-ai/tokenizer are installed:
//   node count_tokens.mjs o200k|cl100k|claude
import { createInterface } from "node:readline";
import { createRequire } from "node:module";

const require = createRequire(`${process.cwd()}/`);
const counters = {
  o200k: () => (text) => require("gpt-tokenizer/encoding/o200k_base").encode(text, { allowedSpecial: "all" }).length,
  cl100k: () => (text) => require("gpt-tokenizer/encoding/cl100k_base").encode(text, { allowedSpecial: "all" }).length,
  claude: () => require("@anthropic-ai/tokenizer").countTokens,
};
const count = counters[process.argv[2]]();
for await (const line of createInterface({ input: process.stdin })) console.log(count(JSON.parse(line)));
