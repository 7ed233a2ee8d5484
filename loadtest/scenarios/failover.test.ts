import { PassThrough } from 'node:stream';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { failoverFailures, formatFailover } from '../failover/report.ts';
import { Progress } from '../progress.ts';
import { type Misbehaviour, QueueServer } from '../testing/queue-server.ts';
import { type FailoverOptions, type FailoverResult, failover } from './failover.ts';

const unlimited = { maxStallMs: undefined, maxDuplicates: undefined };

const defaults: Omit<FailoverOptions, 'targets'> = {
  cluster: undefined,
  seconds: 0.5,
  everySeconds: 1,
  downSeconds: 1,
  signal: 'SIGKILL',
  all: false,
  producers: 3,
  consumers: 3,
  queues: 5,
  itemBytes: 64,
  ratePerSecond: 1500,
  waitMs: 30,
  seed: 1,
  run: 7,
  quietSeconds: 0.15,
  drainSeconds: 1,
  giveUpSeconds: 15,
};

interface Trial {
  readonly misbehaviour?: Misbehaviour;
  readonly options?: Partial<FailoverOptions>;
  /** Done to the server while the load runs. */
  readonly meanwhile?: (server: QueueServer) => void;
}

async function run({ misbehaviour, options, meanwhile }: Trial): Promise<{ result: FailoverResult; shown: string }> {
  const server = new QueueServer();
  const port = await server.listen();
  Object.assign(server.misbehaviour, misbehaviour);
  const screen = new PassThrough({ encoding: 'utf8' });
  const timer = setTimeout(() => meanwhile?.(server), 200);
  try {
    const targets = [{ host: '127.0.0.1', port }];
    const result = await failover({ ...defaults, targets, ...options }, new Progress(screen));
    return { result, shown: String(screen.read() ?? '') };
  } finally {
    clearTimeout(timer);
    server.close();
  }
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

test('a server that keeps its word passes, with everything delivered once and in order', async () => {
  const { result, shown } = await run({ options: { seconds: 1.2 } });
  const { verdict } = result;
  assert.equal(failoverFailures(result, { maxStallMs: 1000, maxDuplicates: 0 }), []);
  assert.ok(verdict.acknowledged > 500, `${verdict.acknowledged} of about 1,800 were stored`);
  assert.is(verdict.delivered, verdict.acknowledged);
  assert.is(verdict.attempted, verdict.acknowledged);
  assert.equal([verdict.lost, verdict.duplicated, verdict.unexpected, verdict.orderViolations], [0, 0, 0, 0]);
  assert.match(shown, /failover 1\.\d s · .* sets\/s · stored/);
  assert.match(formatFailover(result, []), /passed$/);
});

test('more consumers than queues', async () => {
  const { result } = await run({ options: { consumers: 4, queues: 2 } });
  assert.equal(failoverFailures(result, unlimited), []);
  assert.is(result.verdict.delivered, result.verdict.acknowledged);
});

test('a single item that was acknowledged and dropped is found', async () => {
  const { result } = await run({ misbehaviour: { dropSet: onTime(50) } });
  assert.is(result.verdict.lost, 1);
  const failures = failoverFailures(result, unlimited);
  assert.equal(failures, ['1 acknowledged items were lost']);
  assert.match(formatFailover(result, failures), /lost: producer \d, sequence \d+, queue \d/);
});

test('an item that comes again after its close was answered is counted, and is no failure unless asked for', async () => {
  const { result } = await run({ misbehaviour: { repeatClosed: onTime(20) } });
  assert.is(result.verdict.duplicated, 1);
  assert.equal(failoverFailures(result, unlimited), []);
  assert.is(failoverFailures(result, { ...unlimited, maxDuplicates: 0 }).length, 1);
});

test('an item that nobody set is unexpected', async () => {
  const { result } = await run({ meanwhile: (server) => server.smuggle(`failover-${(7).toString(36)}-2`, 'who am I') });
  assert.is(result.verdict.unexpected, 1);
  assert.equal(failoverFailures(result, unlimited), ['1 items came that were never set']);
});

test('connections cut before and after answers, and refused sets: nothing lost, what is uncertain is named so', async () => {
  const misbehaviour = {
    cutAfterSet: every(40),
    failSet: every(33),
    cutAfterRead: every(50),
    cutBeforeClose: every(45),
  };
  const { result } = await run({ misbehaviour, meanwhile: (server) => server.cutConnections() });
  const { verdict } = result;
  assert.equal(failoverFailures(result, unlimited), []);
  assert.equal([verdict.lost, verdict.unexpected, verdict.duplicated], [0, 0, 0]);
  assert.ok(result.retries > 0);
  assert.ok(verdict.uncertain > verdict.uncertainFound && verdict.uncertainFound > 0);
  assert.is(verdict.delivered + verdict.closeUncertain, verdict.acknowledged + verdict.uncertainFound);
});

test('queues that never get empty are a failed drain', async () => {
  const { result } = await run({ misbehaviour: { repeatClosed: () => true } });
  assert.match(result.drainFailure ?? '', 'not found empty');
  assert.ok(failoverFailures(result, unlimited).some((failure) => failure.startsWith('the drain failed')));
});

test('a server that stores nothing is a failure', async () => {
  const { result } = await run({
    misbehaviour: { failSet: () => true },
    options: { seconds: 0.2, giveUpSeconds: 0.3 },
  });
  assert.ok(failoverFailures(result, unlimited).includes('nothing was stored at all'));
});

test('a stall is measured from the first try', async () => {
  let failing = false;
  const { result } = await run({
    misbehaviour: { failSet: () => failing },
    meanwhile: () => {
      failing = true;
      setTimeout(() => {
        failing = false;
      }, 250);
    },
  });
  const stallMs = result.longestStall?.durationMs ?? 0;
  assert.ok(stallMs > 200 && stallMs < 2000, `${stallMs} ms`);
  assert.is(failoverFailures(result, { ...unlimited, maxStallMs: 100 }).length, 1);
});

test.run();
