import { readFileSync } from 'node:fs';
import net from 'node:net';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Ring } from '../../cluster/ring.ts';
import { readPayload } from '../payload.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { QueueServer } from '../testing/queue-server.ts';
import { consumers, mixed, phase, producers, runTrial, scenario } from '../testing/scenarios.ts';
import { queues, run, steady, withServer } from '../testing/trials.ts';

/** Process ids of this process's children. */
function children(): string[] {
  const text = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8');
  return text.split(' ').filter((pid) => pid !== '');
}

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
  assert.match(await failure({ ...steady, protocol: 'redis' }, port), 'no counterpart for reliable');
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

test('interrupted, it ends with its processes and its queues, not with a result', async () => {
  const server = new QueueServer();
  const port = await server.listen();
  const interrupt = new AbortController();
  server.onFirstSet = () => setTimeout(() => interrupt.abort(), 50);
  const long = scenario({ phases: [phase({ durationMs: 60_000, producers: [producers()] })] });
  const error = await runTrial(long, [port], { workers: 2 }, interrupt.signal).catch((thrown: unknown) => thrown);
  server.close();
  assert.match(String(error), 'interrupted');
  assert.equal(server.queueNames, []);
});

test.run();

test.run();
