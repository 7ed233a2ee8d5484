import { readFileSync } from 'node:fs';
import net from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Ring } from '../../cluster/ring.ts';
import { readPayload } from '../payload.ts';
import type { RunOptions } from '../scenario/run-options.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { type Misbehaviour, QueueServer } from '../testing/queue-server.ts';
import { consumers, mixed, phase, producers, runTrial, scenario, type Trial } from '../testing/scenarios.ts';

interface Given {
  readonly misbehaviour?: Misbehaviour;
  readonly options?: Partial<RunOptions>;
  /** Done to the server a little after the load began. */
  readonly meanwhile?: (server: QueueServer) => void;
}

async function run(trial: Scenario, given: Given = {}): Promise<Trial & { server: QueueServer }> {
  const server = new QueueServer();
  const port = await server.listen();
  Object.assign(server.misbehaviour, given.misbehaviour);
  let timer: NodeJS.Timeout | undefined;
  server.onFirstSet = () => {
    timer = setTimeout(() => given.meanwhile?.(server), 200);
  };
  try {
    return { ...(await runTrial(trial, [port], given.options)), server };
  } finally {
    clearTimeout(timer);
    server.close();
  }
}

/** A server that is no queue server: `answer` is given what came on a connection and says what to write. */
async function withServer<T>(
  answer: (text: string, write: (text: string) => void) => void,
  use: (port: number) => Promise<T>,
): Promise<T> {
  const server = net.createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => answer(chunk.toString('latin1'), (text) => socket.write(text, 'latin1')));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await use((server.address() as net.AddressInfo).port);
  } finally {
    server.close();
  }
}

/** Process ids of this process's children. */
function children(): string[] {
  const text = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8');
  return text.split(' ').filter((pid) => pid !== '');
}

/** True the `n`th time that it is asked, and only then. */
function onTime(n: number): () => boolean {
  let asked = 0;
  return () => ++asked === n;
}

/** True every `n`th time. */
function every(n: number): () => boolean {
  let asked = 0;
  return () => ++asked % n === 0;
}

const queues = [0, 1, 2];
/** Three producers and three reliable readers at 1,500 a second, then a drain. */
const steady = scenario({
  phases: [
    phase({
      durationMs: 600,
      producers: [producers({ connections: 3, ratePerSecond: 1500, queues })],
      consumers: [consumers({ connections: 3, queues })],
    }),
  ],
});

test('a server that keeps its word passes, with everything delivered once and in order, by two workers', async () => {
  const demands = { lost: 0, duplicated: 0, unexpected: 0, outOfOrder: 0, errors: 0, stallMs: 2000 };
  const { result, points } = await run({ ...steady, demands }, { options: { workers: 2 } });
  const { verdict } = result;
  assert.equal(verdict.failures, []);
  assert.ok(verdict.verified && verdict.acknowledged > 500, `${verdict.acknowledged} of about 900 were stored`);
  assert.is(verdict.delivered, verdict.acknowledged);
  assert.equal(
    [verdict.lost, verdict.duplicated, verdict.unexpected, verdict.outOfOrder, verdict.uncertain],
    [0, 0, 0, 0, 0],
  );
  assert.is(result.generator.workers, 2);
  assert.equal(result.series, points);
  assert.equal(
    result.phases.map(({ name, measured, duePerSecond }) => [name, measured, duePerSecond]),
    [
      ['load', true, 1500],
      ['drain', false, undefined],
    ],
  );
  assert.is(points.at(-1)?.depth, 0);
});

test('items in number: set, then read to the last, each counted once in latencies, histogram and targets', async () => {
  for (const read of ['take', 'reliable'] as const) {
    const { result, server } = await run(
      scenario({
        phases: [
          phase({ name: 'fill', producers: [producers({ connections: 4, depth: 7, items: 2000, queues })] }),
          phase({
            name: 'read',
            consumers: [consumers({ connections: 3, depth: 5, items: 'all', read, waitMs: 0, queues })],
          }),
        ],
      }),
      { options: { workers: 2 } },
    );
    const [fill, rest] = result.phases;
    assert.is(fill?.operations.set?.operations, 2000);
    assert.is(rest?.operations.get?.operations, 2000, read);
    assert.is(result.totals.set?.operations, 2000);
    assert.is(
      result.histograms.set?.reduce((sum, { count }) => sum + count, 0),
      2000,
    );
    assert.is(result.perTarget[0]?.operations, 4000 + (result.totals.close?.operations ?? 0));
    assert.equal([result.verdict.delivered, result.verdict.lost], [2000, 0]);
    assert.ok((fill?.operations.set?.p50Ms ?? 0) > 0);
    assert.is(server.queueNames.filter((name) => server.contents(name).length > 0).length, 0);
  }
});

test('an item that was acknowledged and dropped is lost', async () => {
  const demands = { ...steady.demands, lost: 0 };
  const { result } = await run({ ...steady, demands }, { misbehaviour: { dropSet: onTime(50) } });
  assert.is(result.verdict.lost, 1);
  assert.equal(result.verdict.failures, ['lost items: 1, at most 0 allowed']);
});

test('an item that comes again after its close was answered is a duplicate', async () => {
  const { result } = await run(steady, { misbehaviour: { repeatClosed: onTime(20) } });
  assert.equal([result.verdict.duplicated, result.verdict.lost, result.verdict.outOfOrder], [1, 0, 0]);
});

test('a duplicate is found though another process read the first', async () => {
  const { result } = await run(
    scenario({
      phases: [
        phase({ name: 'fill', producers: [producers({ items: 300 })] }),
        phase({ name: 'read', consumers: [consumers({ connections: 4, items: 'all' })] }),
      ],
    }),
    { options: { workers: 2 }, misbehaviour: { repeatClosed: every(10) } },
  );
  assert.ok(result.verdict.duplicated >= 30 && result.verdict.duplicated < 40, `${result.verdict.duplicated}`);
  assert.equal([result.verdict.delivered, result.verdict.lost, result.verdict.unexpected], [300, 0, 0]);
});

test('an item that nobody set is unexpected', async () => {
  const { result } = await run(steady, { meanwhile: (server) => server.smuggle('trial2', 'who am I') });
  assert.is(result.verdict.unexpected, 1);
});

test('two items that change places are out of order', async () => {
  const { result } = await run(
    scenario({
      phases: [
        phase({ name: 'fill', producers: [producers({ items: 200 })] }),
        phase({ name: 'read', consumers: [consumers({ items: 'all', read: 'take' })] }),
      ],
    }),
    { misbehaviour: { overtake: onTime(100) } },
  );
  assert.equal([result.verdict.outOfOrder, result.verdict.lost, result.verdict.duplicated], [1, 0, 0]);
});

test('connections cut before and after answers, and refused sets: nothing lost, what is uncertain is named so', async () => {
  const misbehaviour = {
    cutAfterSet: every(40),
    failSet: every(33),
    cutAfterRead: every(50),
    cutBeforeClose: every(45),
  };
  const { result } = await run(steady, { misbehaviour, meanwhile: (server) => server.cutConnections() });
  const { verdict } = result;
  assert.equal([verdict.lost, verdict.unexpected, verdict.duplicated, verdict.outOfOrder], [0, 0, 0, 0]);
  assert.equal(verdict.failures, []);
  assert.ok(verdict.uncertain > verdict.uncertainFound && verdict.uncertainFound > 0);
  assert.ok(verdict.delivered > verdict.acknowledged * 0.9);
  assert.ok(result.errorSamples.some(({ text }) => text === 'SERVER_ERROR not now'));
});

test('a leaky reader gives items back, and they come again without being duplicates', async () => {
  const { result } = await run(
    scenario({
      phases: [
        phase({ name: 'fill', producers: [producers({ items: 300 })] }),
        phase({ name: 'leak', consumers: [consumers({ items: 'all', abortEvery: 10, disconnectEvery: 70 })] }),
      ],
    }),
  );
  const { verdict, phases, errorSamples } = result;
  assert.ok((phases[1]?.operations.get?.operations ?? 0) > 330);
  assert.equal([verdict.delivered, verdict.lost, verdict.duplicated, verdict.outOfOrder], [300, 0, 0, 0]);
  assert.equal(errorSamples, []);
});

test('queues that never get empty are a failed drain', async () => {
  const { result } = await run(steady, { misbehaviour: { repeatClosed: () => true } });
  assert.ok(result.verdict.failures.some((failure) => failure.startsWith('the drain failed')));
  assert.is(result.verdict.lost, 0);
});

test('what is left on purpose remains, and is not lost', async () => {
  const fill = phase({ producers: [producers({ items: 50, queues })] });
  const { result, server } = await run(scenario({ phases: [fill], drain: undefined }));
  assert.equal([result.verdict.remaining, result.verdict.lost], [50, 0]);
  const left = server.queueNames
    .flatMap((name) => server.contents(name))
    .map((data) => readPayload(data, 0, data.length));
  assert.equal(
    left.map((item) => item?.sequence).sort((a, b) => Number(a) - Number(b)),
    [...Array(50).keys()],
  );
});

test('a server that stores nothing is a failure', async () => {
  const { result } = await run(scenario({ phases: [phase({ durationMs: 300, producers: [producers()] })] }), {
    misbehaviour: { failSet: () => true },
  });
  assert.equal(result.verdict.failures, ['nothing was stored at all']);
});

test('a stall is measured from the first try, and marked on the time line', async () => {
  let failing = false;
  const { result } = await run(
    { ...steady, demands: { ...steady.demands, stallMs: 100 } },
    {
      misbehaviour: { failSet: () => failing },
      meanwhile: () => {
        failing = true;
        setTimeout(() => {
          failing = false;
        }, 250);
      },
    },
  );
  const [longest] = result.stalls;
  assert.is(longest?.kind, 'set');
  assert.ok((longest?.durationMs ?? 0) > 200 && (longest?.durationMs ?? 0) < 2000, `${longest?.durationMs} ms`);
  assert.ok((longest?.atSeconds ?? 0) > 0.1);
  assert.is(result.verdict.failures.length, 1);
  assert.match(result.verdict.failures[0] ?? '', /^longest wait in ms: \d+, at most 100 allowed$/);
});

test('mixed connections find an item each time', async () => {
  const { result } = await run(
    scenario({ phases: [phase({ mixed: [mixed({ depth: 2, items: 1000, queues: [0, 1] })] })] }),
  );
  assert.equal([result.totals.set?.operations, result.totals.get?.operations], [500, 500]);
  assert.is(result.phases[0]?.misses, 0);
  assert.is(result.verdict.delivered, 500);
});

test('a reader that packs stays behind while there are producers', async () => {
  const load = phase({
    producers: [producers({ items: 400, ratePerSecond: 1000 })],
    consumers: [consumers({ read: 'take', waitMs: 0, items: 'all', behindItems: 100 })],
  });
  const { result, points } = await run(scenario({ phases: [load] }), { options: { workers: 2 } });
  assert.is(result.generator.workers, 1);
  assert.is(result.verdict.delivered, 400);
  assert.is(points.at(-1)?.depth, 0);
});

test('each fanout is verified as a queue of its own', async () => {
  const trial = scenario({
    queues: { prefix: 'trial', count: 2, fanouts: ['a', 'b'] },
    phases: [
      phase({
        producers: [producers({ items: 100, queues: [0, 1] })],
        consumers: [
          consumers({ items: 'all', queues: [0, 1] }),
          consumers({ items: 'all', queues: [0, 1], fanout: 'b' }),
        ],
      }),
    ],
  });
  const { result } = await run(trial);
  assert.equal([result.verdict.acknowledged, result.verdict.delivered, result.verdict.lost], [300, 300, 0]);
  const { result: broken } = await run(trial, { misbehaviour: { skipFanout: onTime(7) } });
  assert.equal([broken.verdict.delivered, broken.verdict.lost], [299, 1]);
});

test('routed by owner, every queue is asked for at the node that the ring names', async () => {
  const servers = [new QueueServer(), new QueueServer(), new QueueServer()];
  const ports = await Promise.all(servers.map((server) => server.listen()));
  const labels = ports.map((port) => `127.0.0.1:${port}`);
  const all = [...Array(20).keys()];
  const fill = phase({ producers: [producers({ connections: 9, items: 500, queues: all })] });
  const trial = scenario({
    queues: { prefix: 'q', count: 20, fanouts: [] },
    route: 'owner',
    drain: undefined,
    phases: [fill],
  });
  await runTrial(trial, ports);
  const ring = new Ring(labels);
  servers.forEach((server, index) => {
    const filled = server.queueNames.filter((name) => server.contents(name).length > 0);
    assert.equal(
      filled.filter((name) => ring.owner(name) !== labels[index]),
      [],
    );
    server.close();
  });
  assert.is(
    servers.flatMap((server) => server.queueNames.filter((name) => server.contents(name).length > 0)).length,
    20,
  );
});

test('a connection goes on at another target when its own is gone, and back when that is there again', async () => {
  const servers = [new QueueServer(), new QueueServer()] as const;
  const ports = [await servers[0].listen(), await servers[1].listen()];
  servers[1].onFirstSet = () => {
    setTimeout(() => servers[1].close(), 100);
    setTimeout(() => void servers[1].listen(ports[1]), 600);
  };
  const load = phase({
    durationMs: 4000,
    producers: [producers({ connections: 2, ratePerSecond: 200 })],
    consumers: [consumers({ connections: 2 })],
  });
  const { result, points } = await runTrial(scenario({ phases: [load] }), ports);
  for (const server of servers) server.close();
  const sharesOfSecond = points.map(
    ({ perTarget: [first, second] }) => Number(second) / (Number(first) + Number(second)),
  );
  assert.ok(sharesOfSecond[1] === 0, `${sharesOfSecond}`);
  assert.ok(Number(sharesOfSecond[3]) > 0.3, `${sharesOfSecond}`);
  assert.equal([result.verdict.duplicated, result.verdict.unexpected], [0, 0]);
});

test('requests larger than the socket takes at once arrive as they were meant', async () => {
  const sizes = {
    kind: 'weighted',
    choices: [
      { bytes: 700_000, weight: 1 },
      { bytes: 30, weight: 1 },
    ],
  } as const;
  const fill = phase({ producers: [producers({ depth: 8, items: 40, sizes })] });
  const { server } = await run(scenario({ phases: [fill], drain: undefined }));
  const left = server.contents('trial0').map((data) => readPayload(data, 0, data.length)?.sequence);
  assert.equal(left, [...Array(40).keys()]);
});

test('a pause of the server is felt by all that should have been sent meanwhile', async () => {
  // Answers at once, but for the time from 100 ms to 400 ms after the first request.
  let firstMs: number | undefined;
  const answer = (text: string, write: (text: string) => void): void => {
    if (!text.startsWith('set trial0 ')) return write('END\r\n'.repeat(text.split('\r\n').length - 1));
    firstMs ??= performance.now();
    const sinceMs = performance.now() - firstMs;
    setTimeout(() => write('STORED\r\n'), sinceMs > 100 && sinceMs < 400 ? 400 - sinceMs : 0);
  };
  const { result } = await withServer(answer, (port) =>
    runTrial(
      scenario({ phases: [phase({ producers: [producers({ ratePerSecond: 500, items: 400 })] })], drain: undefined }),
      [port],
    ),
  );
  // A closed loop would have one slow request of 400, far above any p99.
  assert.ok((result.totals.set?.p99Ms ?? 0) > 200, `p99 ${result.totals.set?.p99Ms} ms`);
});

test('a cache is known as one, and nothing is verified', async () => {
  let stored = '';
  const answer = (text: string, write: (text: string) => void): void => {
    for (const line of text.split('\r\n')) {
      if (line.startsWith('set')) write('STORED\r\n');
      else if (line.startsWith('get')) write(`VALUE x 0 ${stored.length}\r\n${stored}\r\nEND\r\n`);
      else if (line.startsWith('delete')) write('DELETED\r\n');
      else if (line !== '') stored = line;
    }
  };
  const trial = scenario({
    phases: [phase({ mixed: [mixed({ items: 50 })] })],
    demands: { ...steady.demands, lost: 0 },
  });
  const { result, events } = await withServer(answer, (port) => runTrial(trial, [port]));
  assert.is(result.verdict.verified, false);
  assert.is(result.verdict.acknowledged, 0);
  assert.equal(result.verdict.failures, []);
  assert.is(result.totals.get?.operations, 25);
  assert.match(events[0]?.text ?? '', 'not verified');
});

test('what is wrong from the start is said at once', async () => {
  const failure = (trial: Scenario, port: number, options = {}): Promise<string> =>
    runTrial(trial, [port], options).then(
      () => '',
      (error: unknown) => String(error),
    );
  const probe = net.createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as net.AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  assert.match(await failure(steady, port), 'ECONNREFUSED');
  assert.match(await failure(steady, port, { protocol: 'smtp' }), 'there is no protocol smtp');
  assert.match(await failure(steady, port, { protocol: 'redis' }), 'no counterpart for reliable');
});

test('a worker that dies ends the run, which says so', async () => {
  const server = new QueueServer();
  const port = await server.listen();
  const others = children();
  server.onFirstSet = () => {
    const [first] = children().filter((pid) => !others.includes(pid));
    process.kill(Number(first), 'SIGKILL');
  };
  const long = scenario({ phases: [phase({ durationMs: 60_000, producers: [producers()] })] });
  const error = await runTrial(long, [port], { workers: 2 }).catch((thrown: unknown) => thrown);
  server.close();
  assert.match(String(error), /worker \d ended with SIGKILL/);
  assert.equal(children(), others);
});

test('interrupted, it ends with its processes, not with a result', async () => {
  const server = new QueueServer();
  const port = await server.listen();
  const interrupt = new AbortController();
  server.onFirstSet = () => setTimeout(() => interrupt.abort(), 50);
  const long = scenario({ phases: [phase({ durationMs: 60_000, producers: [producers()] })] });
  const error = await runTrial(long, [port], { workers: 2 }, interrupt.signal).catch((thrown: unknown) => thrown);
  server.close();
  assert.match(String(error), 'interrupted');
});

test.run();
