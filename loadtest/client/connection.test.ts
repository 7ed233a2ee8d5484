import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { QueueServer } from '../testing/queue-server.ts';
import { Connection } from './connection.ts';
import { parseTargets } from './target.ts';

async function withServer(use: (server: QueueServer, port: number) => Promise<void>): Promise<void> {
  const server = new QueueServer();
  const port = await server.listen();
  try {
    await use(server, port);
  } finally {
    server.close();
  }
}

/** Answers every connection with the given text as soon as something comes. */
async function withScript(text: string, use: (client: Connection) => Promise<void>): Promise<void> {
  const server = net.createServer((socket) => {
    socket.once('data', () => socket.end(text));
    socket.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = await Connection.connect({ host: '127.0.0.1', port: (server.address() as net.AddressInfo).port });
  try {
    await use(client);
  } finally {
    client.close();
    server.close();
  }
}

test('set and get, with flags and bytes of every value', () =>
  withServer(async (_server, port) => {
    const client = await Connection.connect({ host: '127.0.0.1', port });
    const data = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    assert.is((await client.send({ line: 'set work 7 0 256', data })).kind, 'stored');
    const { kind, items } = await client.get('work');
    assert.is(kind, 'end');
    assert.equal(items, [{ flags: 7, data }]);
    assert.equal((await client.get('work')).items, []);
    client.close();
  }));

test('many commands at once are answered in their order', () =>
  withServer(async (_server, port) => {
    const client = await Connection.connect({ host: '127.0.0.1', port });
    const sets = Array.from({ length: 500 }, (_, i) => client.set('work', Buffer.from(String(i))));
    const gets = Array.from({ length: 500 }, () => client.get('work'));
    assert.is(client.pending, 1000);
    assert.ok((await Promise.all(sets)).every((answer) => answer.kind === 'stored'));
    const read = (await Promise.all(gets)).map((answer) => answer.items[0]?.data.toString());
    assert.equal(
      read,
      Array.from({ length: 500 }, (_, i) => String(i)),
    );
    assert.is(client.pending, 0);
    client.close();
  }));

test('statistics come as pairs, and errors as they were worded', () =>
  withScript('STAT a 1\r\nSTAT b two words\r\nEND\r\nSERVER_ERROR no room\r\n', async (client) => {
    const answers = await Promise.all([client.command('stats'), client.set('q', Buffer.from('x'))]);
    assert.equal(answers[0].stats, [
      ['a', '1'],
      ['b', 'two words'],
    ]);
    assert.is(answers[1].kind, 'server-error');
    assert.is(answers[1].text, 'SERVER_ERROR no room');
  }));

test('what was under way when the connection ended is lost, and so is all that comes later', () =>
  withScript('STORED\r\nVALUE q 0 100\r\nhalf', async (client) => {
    const answers = await Promise.all([client.set('q', Buffer.from('x')), client.get('q'), client.get('q')]);
    assert.equal(
      answers.map((answer) => answer.kind),
      ['stored', 'lost', 'lost'],
    );
    assert.type(client.endedBecause, 'string');
    assert.is((await client.get('q')).kind, 'lost');
  }));

test('a stream that makes no sense ends the connection', () =>
  withScript('VALUE q nonsense\r\n', async (client) => {
    const answer = await client.get('q');
    assert.is(answer.kind, 'lost');
    assert.match(answer.text, 'VALUE q nonsense');
  }));

test('a server that falls silent is given up, an idle connection is not', () =>
  withServer(async (_server, port) => {
    const client = await Connection.connect({ host: '127.0.0.1', port }, { silenceTimeoutMs: 50 });
    await sleep(120);
    assert.is(client.endedBecause, undefined);
    const answer = await client.get('work/t=5000');
    assert.is(answer.kind, 'lost');
    assert.match(answer.text, '50 ms');
  }));

test('targets', () => {
  assert.equal(parseTargets('a:1, [::1]:65535,'), [
    { host: 'a', port: 1 },
    { host: '::1', port: 65_535 },
  ]);
  for (const bad of ['', 'a', 'a:0', 'a:65536', 'a:b', ':1', 'a:1:2'])
    assert.throws(() => parseTargets(bad), /target/, bad);
});

test.run();
