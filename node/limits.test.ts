/** The limits of a node's clients, as its settings say them, on a node of its own. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cleanUp, LocalCluster } from './testing/node-process.ts';

test.after(cleanUp);

test('--client-timeout: an item that an idle client has open goes to one that waits [client-timeout]', async () => {
  const node = (await LocalCluster.start(1, ['--client-timeout', '1s'])).node(0);
  const idle = await node.connect();
  assert.is(await idle.set('q', 'x'), 'STORED');
  assert.match(await idle.ask('get q/open'), /^VALUE q 0 1/);
  const waiting = await node.connect();
  assert.match(await waiting.ask('get q/t=60000'), /^VALUE q 0 1/);
});

test.run();
