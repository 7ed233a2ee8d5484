import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { WindhoverError } from '../../journal/base/errors.ts';
import { seededRandom } from '../../journal/testing/random.ts';
import { SimClock } from '../../journal/testing/sim-clock.ts';
import type { Directory, Listing } from '../directory/directory.ts';
import { SimDirectory } from './sim-directory.ts';

const test = suite('simulated directory');

interface World {
  readonly clock: SimClock;
  readonly shared: SimDirectory;
}

function world(seed = 1): World {
  const clock = new SimClock();
  return { clock, shared: new SimDirectory(clock, seededRandom(seed)) };
}

function codeOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => value,
    (error) => (error instanceof WindhoverError ? error.code : error),
  );
}

/** Everything that three nodes see while they compete, one is cut off and one dies, as text. */
async function trace(seed: number): Promise<string[]> {
  const { clock, shared } = world(seed);
  const lines: string[] = [];
  const note = (line: string): void => {
    lines.push(`${clock.monotonicMs().toFixed(3)} ${line}`);
  };
  const compete = async (name: string, directory: Directory): Promise<void> => {
    directory.watch(
      '',
      (listing) => note(`${name} sees ${JSON.stringify(listing)}`),
      () => note(`${name} sees nothing`),
    );
    for (let i = 0; i < 10; i++) {
      const version = Number(((await codeOf(directory.read('k'))) as { version?: number } | undefined)?.version ?? 0);
      note(`${name} lease ${await codeOf(directory.lease('l', name, name, 20))}`);
      note(`${name} swap ${await codeOf(directory.compareAndSwap('k', version, `${name} ${i}`))}`);
    }
  };
  for (const name of ['a', 'b', 'c']) void compete(name, shared.connect(name));
  await clock.runUntil(20);
  shared.cut('a');
  await clock.runUntil(30);
  shared.crash('b');
  await clock.runUntil(2000);
  shared.heal('a');
  await clock.runUntil(5000);
  return lines;
}

test('one seed gives one run, to the last event, and another seed another', async () => {
  const first = await trace(1);
  assert.ok(first.length > 30);
  assert.equal(await trace(1), first);
  assert.not.equal(await trace(2), first);
});

test('a node that is cut off gets unavailable after the timeout, and its watch says so once', async () => {
  const { clock, shared } = world();
  const directory = shared.connect('a');
  const listings: Listing[] = [];
  let failures = 0;
  directory.watch(
    '',
    (listing) => listings.push(listing),
    () => failures++,
  );
  await clock.runFor(100);
  shared.cut('a');
  const startMs = clock.monotonicMs();
  assert.is(await clock.complete(codeOf(directory.compareAndSwap('k', 0, 'v'))), 'unavailable');
  assert.is(clock.monotonicMs() - startMs, 1000);
  assert.is(shared.peek('').entries.length, 0);
  assert.is(await clock.complete(shared.connect('b').compareAndSwap('k', 0, 'other')), 1);
  await clock.runFor(5000);
  assert.equal([listings.length, failures], [1, 1]);
  shared.heal('a');
  await clock.runFor(100);
  assert.is(listings.at(-1)?.entries[0]?.value, 'other');
});

test('a call whose answer is cut off rejects and has taken effect', async () => {
  let outcomes = '';
  for (let cutAfterMs = 0; cutAfterMs < 6; cutAfterMs += 0.5) {
    const { clock, shared } = world(5);
    const swap = codeOf(shared.connect('a').compareAndSwap('k', 0, 'v'));
    await clock.runUntil(cutAfterMs);
    shared.cut('a');
    const result = await clock.complete(swap);
    outcomes += `${result}/${shared.peek('').entries.length} `;
  }
  assert.match(outcomes, /^(unavailable\/0 )+(unavailable\/1 )+(1\/1 )+$/);
});

test('a crashed node is answered no more, its last call may arrive, and its lease runs out by itself', async () => {
  const { clock, shared } = world();
  const dead = shared.connect('a');
  let answers = 0;
  const count = (): void => {
    answers++;
  };
  dead.watch('', count, count);
  dead.lease('node/a', 'a', 'up', 3000).then(count, count);
  shared.crash('a');
  dead.list('').then(count, count);
  await clock.runFor(100);
  assert.is(shared.peek('node/').entries.length, 1);
  await clock.runFor(3000);
  assert.is(shared.peek('node/').entries.length, 0);
  assert.is(answers, 0);
});

test('a watch tells of a lease that ran out', async () => {
  const { clock, shared } = world();
  const seen: string[] = [];
  shared.connect('b').watch(
    '',
    (listing) => seen.push(listing.entries.map((entry) => entry.value).join()),
    () => seen.push('failed'),
  );
  await clock.runFor(100);
  await clock.complete(shared.connect('a').lease('node/a', 'a', 'up', 500));
  await clock.runFor(700);
  assert.equal(seen, ['', 'up', '']);
});

test('rollback loses the last swaps, empty everything, and watches are told', async () => {
  const { clock, shared } = world();
  const directory = shared.connect('a');
  const revisions: number[] = [];
  directory.watch('k', (listing) => revisions.push(listing.revision), assert.unreachable as () => void);
  for (const [i, key] of ['k', 'k', 'other'].entries()) {
    await clock.complete(directory.compareAndSwap(key, key === 'k' ? i : 0, `${i}`));
    await clock.runFor(100);
  }
  shared.rollback(1); // Nothing under k changes, but the directory went back.
  await clock.runFor(100);
  shared.rollback(1);
  await clock.runFor(100);
  assert.equal(await clock.complete(directory.read('k')), { key: 'k', value: '0', version: 1 });
  shared.empty();
  await clock.runFor(100);
  assert.is(await clock.complete(directory.read('k')), undefined);
  assert.equal(revisions, [1, 2, 2, 1, 0]);
});

test('what happens at a node goes by its own clock', async () => {
  const { clock, shared } = world();
  const own = new SimClock(); // Stands still: the node is paused.
  const paused = shared.connect('a', own);
  let answered = false;
  paused.compareAndSwap('k', 0, 'v').then(() => (answered = true), assert.unreachable);
  await clock.runFor(5000);
  assert.is(shared.peek('').entries.length, 1);
  assert.is(answered, false);
  await own.runFor(10);
  assert.is(answered, true);
});

test.run();
