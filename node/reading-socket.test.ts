import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readingSocket } from './reading-socket.ts';

/** A server that answers all it reads, and the client's end of a connection to it. */
async function echo(
  prepare: (accepted: Socket) => void,
): Promise<{ server: Server; client: Socket; chunks: Buffer[] }> {
  const chunks: Buffer[] = [];
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (accepted) => {
    prepare(accepted);
    const socket = readingSocket(accepted, (chunk) => {
      chunks.push(chunk);
      socket.write(Buffer.from(chunk));
    });
    socket.on('end', () => socket.end());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { server, client: connect(port, '127.0.0.1'), chunks };
}

async function answered(client: Socket, text: string): Promise<string> {
  client.write(text);
  let heard = '';
  while (heard.length < text.length) heard += String((await once(client, 'data'))[0]);
  return heard;
}

async function closed(client: Socket, server: Server): Promise<void> {
  client.end();
  await once(client, 'close');
  server.close();
  await once(server, 'close');
}

test('chunks of all connections are read into the same memory, and the server ends when they have', async () => {
  const { server, client, chunks } = await echo(() => {});
  assert.is(await answered(client, 'one'), 'one');
  assert.is(await answered(client, 'three'), 'three');
  assert.is(chunks[0]?.buffer, chunks[1]?.buffer);
  await closed(client, server);
});

test('where Node has no such handle, chunks are read as it does by itself', async () => {
  const { server, client, chunks } = await echo((accepted) => {
    Object.assign((accepted as Socket & { _handle: object })._handle, { useUserBuffer: undefined });
  });
  assert.is(await answered(client, 'one'), 'one');
  assert.is(await answered(client, 'three'), 'three');
  assert.is.not(chunks[0]?.buffer, chunks[1]?.buffer);
  await closed(client, server);
});

test.run();
