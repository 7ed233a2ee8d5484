import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Ports } from './ports.ts';
import { start } from './servers.ts';

/** What a server says to a line, up to `END`. */
function answerOf(target: string, line: string): Promise<string> {
  const [host, port] = target.split(':') as [string, string];
  return new Promise((resolve, reject) => {
    let heard = '';
    const socket = net.connect({ host, port: Number(port) }, () => socket.write(`${line}\r\n`));
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1');
      if (!heard.endsWith('END\r\n')) return;
      socket.destroy();
      resolve(heard);
    });
  });
}

test('a queue of a node may have as much memory as the contender says', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'windhover-servers-'));
  const { signal } = new AbortController();
  const place = { folder, ports: new Ports(28_800), serverCpus: undefined, signal };
  const running = await start(
    { kind: 'windhover', name: 'w', nodes: 1, syncJournal: 'never', route: 'any', queueMemory: '3MiB' },
    { kind: 'drain', itemBytes: 64 },
    place,
  );
  try {
    assert.match(await answerOf(running.targets[0] as string, 'dump_config'), /maxMemorySize=3MiB\r\n/);
  } finally {
    await running.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

test.run();
