/**
 * Stands in for dist/node/main.js where the shell scripts are tested: takes the same flags, listens on the same ports,
 * answers /ready, ends at SIGTERM, and stores nothing. A file in its data folder makes it misbehave:
 * `refuse` ends it at once with a message, `never-ready` keeps it waiting, `deaf` makes it ignore SIGTERM.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const flags = ['data', 'listen', 'text', 'thrift', 'admin', 'peer', 'directory', 'expect', 'replicas'];
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: Object.fromEntries(flags.map((flag) => [flag, { type: 'string' }])),
});
const told = (what) => existsSync(join(values.data, what));
const listen = (server, address) => server.listen(Number(address.split(':')[1]), address.split(':')[0]);

if (positionals[0] !== 'node' || flags.some((flag) => values[flag] === undefined)) throw new Error('wrong flags');
if (told('refuse')) {
  console.error('this data folder is in use by another process');
  process.exit(1);
}
mkdirSync(values.data, { recursive: true });
writeFileSync(join(values.data, 'flags.json'), JSON.stringify(values));
listen(createServer(), values.listen);
listen(createServer(), values.peer);
listen(createServer(), values.text);
listen(createServer(), values.thrift);
const admin = createHttpServer((request, response) => {
  const ready = request.url === '/ready' && !told('never-ready');
  response.writeHead(ready ? 200 : 503).end(ready ? '{}' : '{"why":"partition 3 has no leader"}');
});
listen(admin, values.admin);
process.on('SIGTERM', () => {
  if (!told('deaf')) process.exit(0);
});
