/** libmemcached's own idea of a memcache server, and where a queue differs from it. */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cleanUp, NodeProcess, temporaryFolder } from './testing/node-process.ts';
import { run, testWith } from './testing/programs.ts';

const document = readFileSync(resolve(import.meta.dirname, '../docs/protocol.md'), 'utf8');

/** The tests that a queue answers otherwise, by their names, as the document's table gives them. */
function documentedDifferences(): string[] {
  const section = document.slice(document.indexOf('## memccapable'));
  const rows = [...section.matchAll(/^\| `([^|]+)` \|/gm)].map((match) => match[1] as string);
  return rows.flatMap((row) => row.split('`, `')).sort();
}

test.after(cleanUp);

const testWithMemccapable = testWith('libmemcached-tools', 'memccapable', ['-V']);

testWithMemccapable('memccapable passes but for what docs/protocol.md gives a reason for', async () => {
  const folder = temporaryFolder();
  const node = await NodeProcess.start({ data: join(folder, 'node'), directory: `lmdb:${join(folder, 'directory')}` });
  await node.ready();
  const args = ['-h', '127.0.0.1', '-p', `${node.memcachePort}`, '-t', '2'];
  const { stdout } = await run('memccapable', args, 60_000);
  const results = [...stdout.matchAll(/((?:ascii|binary)(?: [a-z]+)+) {2,}(\[pass\])?/g)];
  const failed = results.filter(([, , passed]) => passed === undefined).map(([, name]) => name as string);
  assert.equal(failed.sort(), documentedDifferences());
  assert.match(document, `Of its ${results.length} tests ${results.length - failed.length} pass.`);
  assert.ok(node.isRunning, node.errors);
});

test.run();
