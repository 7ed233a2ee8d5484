/** What a file says, in a running cluster of two: by the nodes' own file, then by `windhover ctl config`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventually } from '../testing/eventually.ts';
import { cleanUp, LocalCluster, runToEnd, temporaryFolder } from '../testing/node-process.ts';

test.after(cleanUp);

test('a file’s settings hold at all nodes; others are applied while they run, and a bad file changes nothing', async () => {
  const file = join(temporaryFolder(), 'my.yaml');
  writeFileSync(file, 'queues: { jobs: { maxItems: 1 } }\naliases: { all: [jobs, other, third, fourth] }\n');
  const cluster = await LocalCluster.start(2, ['--config', file]);
  const [ann, bob] = [await cluster.node(0).connect(), await cluster.node(1).connect()];
  assert.is(await ann.set('all', 'x'), 'STORED');
  assert.is(await bob.set('all', 'y'), 'NOT_STORED');
  assert.is(await ann.ask('get all'), 'END');
  assert.is(await bob.get('other'), 'x');
  assert.is(await bob.get('other'), 'y');

  const directory = ['--directory', `lmdb:${join(cluster.folder, 'directory')}`];
  writeFileSync(file, 'queues:\n  jobs: { maxItems: 2 }\n');
  const applied = await runToEnd('ctl', 'config', 'apply', file, ...directory);
  assert.equal([applied.code, applied.errors], [0, '']);
  await eventually('the settings hold', async () => (await ann.set('jobs', 'y')) === 'STORED' || undefined);
  assert.is(await bob.set('jobs', 'z'), 'NOT_STORED');
  assert.is(await bob.set('all', 'a queue again'), 'STORED');
  assert.is((await runToEnd('ctl', 'config', 'show', ...directory)).out, 'queues:\n  jobs:\n    maxItems: 2\n');

  writeFileSync(file, 'default:\n  maxItems: 7\n  maxAge: soon\n');
  const refused = await runToEnd('ctl', 'config', 'apply', file, ...directory);
  assert.is(refused.code, 1);
  assert.match(refused.errors, /my\.yaml:3: default\.maxAge: want a duration/);
  assert.is((await runToEnd('ctl', 'config', 'show', ...directory)).out, 'queues:\n  jobs:\n    maxItems: 2\n');
});

test.run();
