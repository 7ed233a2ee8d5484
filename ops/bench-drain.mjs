/**
 * How fast one node hands out a queue that is nearly all on disk, beside one that is all in memory: the two are drained
 * in turn, over the same connections, by a client that does nothing but count what comes. On Linux; port to port + 2 must
 * be free.
 *
 *   npm run bench:drain -- [--size BYTES] [--depth N] [--deep ITEMS] [--shallow ITEMS] [--rounds N] [--seconds S]
 *                          [--connections N] [--producers N] [--sync never] [--port N] [--folder FOLDER]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const text = (preset) => ({ type: 'string', default: preset });
const { values } = parseArgs({
  options: {
    size: text('1024'),
    depth: text('32'),
    deep: text('2500000'),
    shallow: text('60000'),
    rounds: text('5'),
    seconds: text('1'),
    connections: text('50'),
    producers: text('0'),
    sync: text(''),
    port: text('22400'),
    folder: text(tmpdir()),
  },
});
const number = (name) => Number(values[name]);
const [size, depth, port] = [number('size'), number('depth'), number('port')];

async function startNode() {
  const data = mkdtempSync(join(values.folder, 'windhover-drain-'));
  const listen = (option, offset) => [option, `127.0.0.1:${port + offset}`];
  const sync = values.sync === '' ? [] : ['--sync-journal', values.sync];
  const node = spawn(
    process.execPath,
    [
      ...[
        resolve(import.meta.dirname, '../dist/node/main.js'),
        'node',
        '--data',
        data,
        '--max-memory',
        '4GiB',
        ...sync,
      ],
      ...[...listen('--listen', 0), ...listen('--admin', 1), ...listen('--peer', 2)],
      ...['--directory', `lmdb:${data}/directory`, '--expect', '1', '--replicas', '1'],
    ],
    { stdio: 'ignore' },
  );
  for (let attempt = 0; ; attempt++) {
    const answer = await fetch(`http://127.0.0.1:${port + 1}/ready`).catch(() => undefined);
    if (answer?.ok) return { node, data };
    if (attempt === 100) throw new Error('the node does not become ready');
    await pause(100);
  }
}

/** A connection whose `take` is given what arrives, in a buffer that is used again, and its length. */
async function openConnection() {
  const connection = { socket: undefined, take: () => {} };
  const buffer = Buffer.allocUnsafeSlow(256 * 1024);
  const callback = (bytes) => {
    connection.take(buffer, bytes);
    return true;
  };
  connection.socket = connect({ port, host: '127.0.0.1', onread: { buffer, callback } });
  connection.socket.setNoDelay(true);
  await once(connection.socket, 'connect');
  return connection;
}

/** Of answers that arrive piece by piece, begun by an `S`, a `V` or an `E`: how many end in a piece. */
function answerCounter(queue) {
  const end = 'END\r\n'.length;
  const lengths = { S: 'STORED\r\n'.length, V: `VALUE ${queue} 0 ${size}\r\n\r\n`.length + size + end, E: end };
  const byFirst = new Map(Object.entries(lengths).map(([first, length]) => [first.charCodeAt(0), length]));
  let rest = 0;
  return (piece, bytes, counts) => {
    for (let at = 0; at < bytes; ) {
      if (rest === 0) {
        rest = byFirst.get(piece[at]);
        if (rest === undefined) throw new Error(`answered: ${piece.toString('latin1', at, bytes)}`);
        counts.items += rest > end ? 1 : 0;
      }
      const seen = Math.min(rest, bytes - at);
      rest -= seen;
      at += seen;
      if (rest === 0) counts.answers++;
    }
  };
}

/**
 * The same request over all connections, `depth` under way on each: `count` times, or until `over` says so. Gives how
 * many items came or were stored, and how many that is in a second.
 */
function repeat(connections, queue, request, count, over = () => false) {
  const many = Buffer.from(request.repeat(depth), 'latin1');
  const began = performance.now();
  const total = { items: 0, open: 0, left: count };
  return new Promise((done) => {
    for (const connection of connections) {
      const countAnswers = answerCounter(queue);
      const begin = (requests) => {
        if (over(performance.now() - began)) total.left = 0;
        const begun = Math.min(requests, total.left);
        total.left -= begun;
        total.open += begun;
        if (begun > 0) connection.socket.write(many.subarray(0, begun * request.length));
      };
      connection.take = (piece, bytes) => {
        const counts = { items: 0, answers: 0 };
        countAnswers(piece, bytes, counts);
        total.items += counts.items;
        total.open -= counts.answers;
        begin(counts.answers);
        if (total.open === 0 && total.left === 0)
          done({ items: total.items, perSecond: (total.items / (performance.now() - began)) * 1000 });
      };
      begin(depth);
    }
  });
}

const setRequest = (queue) => `set ${queue} 0 0 ${size}\r\n${'x'.repeat(size)}\r\n`;

const getRequest = (queue) => `get ${queue}\r\n`;

/** Drains the queue while the producers go on; gives the items in a second. */
async function drain(connections, producers, queue, count, ms) {
  let isOver = false;
  const sets =
    producers.length > 0
      ? repeat(producers, queue, setRequest(queue), Number.POSITIVE_INFINITY, () => isOver)
      : undefined;
  const gets = await repeat(connections, queue, getRequest(queue), count, (sinceMs) => sinceMs >= ms);
  isOver = true;
  return { gets: gets.perSecond, sets: (await sets)?.perSecond ?? 0 };
}

/** Until the node writes next to nothing any more. */
async function settled({ pid }) {
  const written = () => Number(/wchar: (\d+)/.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))[1]);
  for (let [last, quiet] = [-1, 0]; quiet < 4; ) {
    await pause(500);
    quiet = written() - last < 200_000 ? quiet + 1 : 0;
    last = written();
  }
}

function median(figures) {
  const sorted = figures.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

async function measure(connections, producers) {
  const ratios = [];
  const rates = { shallow: [], deep: [], sets: [] };
  for (let round = 0; round <= number('rounds'); round++) {
    await repeat(connections, 'shallow', setRequest('shallow'), number('shallow'));
    await pause(200);
    const shallow = await drain(connections, producers, 'shallow', number('shallow'), Number.POSITIVE_INFINITY);
    await repeat(connections, 'shallow', getRequest('shallow'), Number.POSITIVE_INFINITY, (sinceMs) => sinceMs > 300);
    const deep = await drain(connections, producers, 'deep', Number.POSITIVE_INFINITY, number('seconds') * 1000);
    if (round === 0) continue; // while the code is compiled
    rates.shallow.push(shallow.gets);
    rates.deep.push(deep.gets);
    rates.sets.push(deep.sets);
    ratios.push(deep.gets / shallow.gets);
  }
  const [shallow, deep, sets] = [rates.shallow, rates.deep, rates.sets].map((of) => Math.round(median(of)));
  const [ratio, least, most] = [median(ratios), Math.min(...ratios), Math.max(...ratios)].map((of) => of.toFixed(2));
  console.log(`shallow ${shallow}/s, deep ${deep}/s, of shallow ${ratio} (${least}–${most}), sets beside ${sets}/s`);
}

const { node, data } = await startNode();
try {
  const connections = await Promise.all(Array.from({ length: number('connections') }, openConnection));
  const producers = await Promise.all(Array.from({ length: number('producers') }, openConnection));
  await repeat(connections, 'deep', setRequest('deep'), number('deep'));
  await settled(node);
  await measure(connections, producers);
  for (const { socket } of [...connections, ...producers]) socket.destroy();
} finally {
  node.kill('SIGKILL');
  await once(node, 'exit');
  rmSync(data, { recursive: true, force: true });
}
