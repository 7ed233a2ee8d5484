import { spawn, spawnSync } from 'node:child_process';
import { createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Ring } from './ring.ts';

/** Debian's, for which there is the package python3-pylibmc. */
const python = '/usr/bin/python3';

/** Sets every key of a JSON list, given on its input after the list of servers, as a stock client with ketama would. */
const client = `
import json, sys, pylibmc
servers, keys = json.load(sys.stdin)
client = pylibmc.Client(servers, binary=False, behaviors={'ketama_weighted': True})
for key in keys:
    assert client.set(key.encode('latin1'), 'x')
`;

const names = Array.from({ length: 400 }, (_, i) => (i % 4 === 0 ? `t\u00e9st/${i}` : `queue_${i * i}`));

/** Takes any `set` and notes under its own label which keys it got. */
class Recorder {
  readonly label: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  static async listen(port: number, ownerOf: Map<string, string>): Promise<Recorder> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return new Recorder(server, `127.0.0.1:${address.port}`, ownerOf);
  }

  private constructor(server: Server, label: string, ownerOf: Map<string, string>) {
    this.label = label;
    this.#server = server;
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.setEncoding('latin1');
      createInterface(socket).on('line', (line) => {
        const key = /^set (\S+) /.exec(line)?.[1];
        if (key === undefined) return; // The value's line.
        ownerOf.set(key, this.label);
        socket.write('STORED\r\n');
      });
    });
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

function skipped(why: string): typeof test.skip {
  console.log(`skipped: ${why}`);
  return test.skip;
}

function available(): boolean {
  if (spawnSync(python, ['-c', 'import pylibmc']).status === 0) return true;
  if (process.env['CI']) throw new Error('python3-pylibmc is not installed');
  console.log('skipped: python3-pylibmc is not installed');
  return false;
}

async function setAll(labels: readonly string[]): Promise<void> {
  const child = spawn(python, ['-c', client], { stdio: ['pipe', 'inherit', 'inherit'] });
  child.stdin.end(JSON.stringify([labels, names]));
  const code = await new Promise((resolve) => child.once('close', resolve));
  assert.is(code, 0);
}

/** Where a libmemcached put every name, with servers on these ports (0: any). */
async function ownersByLibmemcached(
  ports: readonly number[],
): Promise<{ labels: string[]; ownerOf: Map<string, string> }> {
  const ownerOf = new Map<string, string>();
  const recorders: Recorder[] = [];
  try {
    for (const port of ports) recorders.push(await Recorder.listen(port, ownerOf));
    const labels = recorders.map((recorder) => recorder.label);
    await setAll(labels);
    return { labels, ownerOf };
  } finally {
    for (const recorder of recorders) recorder.close();
  }
}

async function isTaken(port: number): Promise<boolean> {
  return Recorder.listen(port, new Map()).then(
    (recorder) => {
      recorder.close();
      return false;
    },
    () => true,
  );
}

async function agrees(ports: readonly number[]): Promise<void> {
  const { labels, ownerOf } = await ownersByLibmemcached(ports);
  const ring = new Ring(labels);
  assert.is(ownerOf.size, names.length);
  assert.is(new Set(ownerOf.values()).size, labels.length);
  for (const name of names) assert.is(ring.owner(name), ownerOf.get(name), `${name} among ${labels}`);
}

const check = available() ? test : test.skip;

check('libmemcached and the ring agree on 3 servers', () => agrees([0, 0, 0]));

check('they agree on 4 servers', () => agrees([0, 0, 0, 0]));

check('they agree on 5 servers', () => agrees([0, 0, 0, 0, 0]));

check('they agree on 25 servers, where libmemcached rounds to 156 points', () => agrees(new Array<number>(25).fill(0)));

const checkOwnPort = (await isTaken(11211)) ? skipped('port 11211 is taken') : check;

checkOwnPort("they agree when one is on memcached's own port, which labels leave out", () => agrees([0, 11211, 0]));

test.run();
