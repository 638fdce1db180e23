// An MCP server that says what reached it: every request is answered with its line, as it came.
import process from 'node:process';

const send = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const TOOLS = ['echo', 'exit', 'raw', 'env', 'secret'].map((name) => ({ name, inputSchema: { type: 'object' } }));

async function answer(line) {
  const { id, method, params = {} } = JSON.parse(line);
  if (id === undefined || method === undefined) return;
  const { name, arguments: args = {} } = params;
  if (method === 'tools/list') return send({ jsonrpc: '2.0', id, result: { tools: TOOLS } });
  if (name === 'exit') process.exit(args.status);
  if (name === 'raw') process.stdout.write(args.text);
  if (name === 'env') return send({ jsonrpc: '2.0', id, result: { env: { ...process.env } } });
  send({ jsonrpc: '2.0', id, result: { line, args: process.argv.slice(2) } });
}

if (process.argv.includes('stubborn')) {
  process.on('SIGTERM', () => process.stderr.write('not yet\n'));
  setInterval(() => {}, 1000);
}
process.on('SIGINT', async () => {
  process.stderr.write('interrupted\n');
  await wait(10);
  process.exit(3);
});
let rest = '';
process.stdin.setEncoding('utf8').on('data', (text) => {
  const lines = (rest + text).split('\n');
  rest = lines.pop();
  for (const line of lines) void answer(line);
});
process.stdin.on('end', () => process.stderr.write(`input ended${rest === '' ? '' : ` in the middle of ${rest}`}\n`));
