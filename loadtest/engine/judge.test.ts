import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { makePayload } from '../payload.ts';
import { failuresOf, Judge } from './judge.ts';
import { Ledger, type ReaderOrder } from './ledger.ts';

const run = 9;
const queues = 2;

/** Workers' ledgers, and what they come to together. */
class World {
  readonly ledgers: readonly Ledger[];

  constructor(workers: number, branches = 1, producers = 3) {
    this.ledgers = Array.from({ length: workers }, () => new Ledger(run, queues, branches, producers));
  }

  worker(index: number): Ledger {
    return this.ledgers[index] as Ledger;
  }

  counts(drained = true): ReturnType<Judge['counts']> {
    const judge = new Judge(queues);
    for (const ledger of this.ledgers) {
      for (const producer of ledger.evidence()) judge.addProducer(structuredClone(producer));
      judge.addTotals(ledger.totals);
    }
    return judge.counts(drained);
  }
}

function read(
  ledger: Ledger,
  sequence: number,
  words: { order?: ReaderOrder; source?: number; producer?: number } = {},
): boolean {
  const { order = new Map(), source = 0, producer = 0 } = words;
  const data = makePayload(40, { run, producer, sequence, queue: source % queues });
  return ledger.read(order, source, data, 0, data.length);
}

/** Sets so many items of producer 0. */
function fill(ledger: Ledger, items: number): void {
  for (let i = 0; i < items; i++) ledger.acknowledged(0, ledger.attempt(0));
}

test('whatever becomes of items, in whichever process, is counted as a plain list of them would be', () => {
  const fates = fc.record({
    set: fc.constantFrom('acknowledged', 'refused', 'unanswered'),
    reads: fc.array(fc.record({ worker: fc.nat(2), closed: fc.constantFrom('closed', 'unanswered', 'given back') }), {
      maxLength: 3,
    }),
  });
  fc.assert(
    fc.property(fc.array(fates, { minLength: 1, maxLength: 100 }), (items) => {
      const world = new World(3);
      const expected = {
        acknowledged: 0,
        delivered: 0,
        lost: 0,
        duplicated: 0,
        unexpected: 0,
        uncertain: 0,
        uncertainFound: 0,
      };
      for (const { set, reads } of items) {
        const sequence = world.worker(0).attempt(0);
        if (set === 'acknowledged') world.worker(0).acknowledged(0, sequence);
        if (set === 'refused') world.worker(0).refused(0, sequence);
        for (const { worker, closed } of reads) {
          read(world.worker(worker), sequence);
          if (closed === 'closed') world.worker(worker).delivered(0, sequence, 0);
          if (closed === 'unanswered') world.worker(worker).closeLost(0, sequence, 0);
        }
        const closes = reads.filter(({ closed }) => closed === 'closed').length;
        const mayBe = reads.some(({ closed }) => closed === 'unanswered');
        expected.duplicated += Math.max(0, closes - 1);
        if (set === 'refused') expected.unexpected += reads.length > 0 ? 1 : 0;
        else expected.delivered += Math.min(1, closes);
        if (set === 'unanswered') {
          expected.uncertain++;
          expected.uncertainFound += Math.min(1, closes);
        }
        if (set === 'acknowledged') {
          expected.acknowledged++;
          if (closes === 0 && !mayBe) expected.lost++;
        }
      }
      const { outOfOrder: _late, remaining, ...counts } = world.counts();
      assert.equal(counts, expected);
      assert.is(remaining, 0);
      assert.equal([world.counts(false).remaining, world.counts(false).lost], [expected.lost, 0]);
    }),
  );
});

test('what was never set is unexpected: of another run, another queue, a sequence to come, no payload at all', () => {
  const world = new World(2);
  fill(world.worker(0), 5);
  const reader = world.worker(1);
  const other = makePayload(40, { run: run + 1, producer: 0, sequence: 0, queue: 0 });
  assert.not(reader.read(new Map(), 0, other, 0, other.length));
  const moved = makePayload(40, { run, producer: 0, sequence: 0, queue: 1 });
  assert.not(reader.read(new Map(), 0, moved, 0, moved.length));
  assert.not(reader.read(new Map(), 0, Buffer.from('something else, long enough'), 0, 27));
  assert.not(read(reader, 0, { producer: 3 }));
  assert.ok(read(reader, 5));
  assert.is(world.counts().unexpected, 5);
});

test('out of order: a reader that has read a later item of the producer, and of no other queue', () => {
  const world = new World(1);
  const ledger = world.worker(0);
  fill(ledger, 6);
  const order: ReaderOrder = new Map();
  read(ledger, 1, { order });
  read(ledger, 0, { order, source: 1 });
  read(ledger, 3, { order });
  assert.is(world.counts().outOfOrder, 0);
  read(ledger, 2, { order });
  read(ledger, 4, { order: new Map() });
  assert.is(world.counts().outOfOrder, 1);
});

test('late is not out of order when it was given back, was read elsewhere, broke on its way, or was never acknowledged', () => {
  const world = new World(2);
  const [first, second] = [world.worker(0), world.worker(1)];
  fill(first, 4);
  const unanswered = first.attempt(0);
  fill(first, 1);
  const order: ReaderOrder = new Map();
  for (const sequence of [0, 3, 0]) read(first, sequence, { order });
  read(second, 1);
  read(first, 1, { order });
  for (const sequence of [5, unanswered]) read(first, sequence, { order });
  assert.is(world.counts().outOfOrder, 0);
  read(first, 2, { order });
  assert.is(world.counts().outOfOrder, 1);
  second.readLost(0, false);
  assert.is(world.counts().outOfOrder, 0);
});

test('an item whose plain get broke may be gone without anybody being to blame', () => {
  const world = new World(2);
  fill(world.worker(0), 3);
  assert.is(world.counts().lost, 3);
  world.worker(1).readLost(0, true);
  assert.is(world.counts().lost, 2);
});

test('a fanout is a queue of its own', () => {
  const world = new World(1, 2);
  const ledger = world.worker(0);
  fill(ledger, 2);
  for (const source of [0, 0 + queues]) {
    read(ledger, 0, { source });
    ledger.delivered(0, 0, source);
  }
  const { acknowledged, delivered, lost } = world.counts();
  assert.equal([acknowledged, delivered, lost], [4, 2, 2]);
});

test('only what is demanded fails, and only what is verified of items', () => {
  const nothing = { lost: undefined, duplicated: undefined, unexpected: undefined, outOfOrder: undefined };
  const counts = {
    ...{ verified: true, acknowledged: 9, delivered: 9, lost: 1, duplicated: 2, unexpected: 3, outOfOrder: 4 },
    ...{ uncertain: 0, uncertainFound: 0, remaining: 0 },
  };
  const none = { ...nothing, errors: undefined, stallMs: undefined };
  assert.equal(failuresOf(none, counts, 5, 600), []);
  const all = { lost: 0, duplicated: 2, unexpected: 2, outOfOrder: 0, errors: 4, stallMs: 500 };
  assert.equal(failuresOf(all, counts, 5, 600), [
    'lost items: 1, at most 0 allowed',
    'unexpected items: 3, at most 2 allowed',
    'items out of order: 4, at most 0 allowed',
    'errors: 5, at most 4 allowed',
    'longest wait in ms: 600, at most 500 allowed',
  ]);
  assert.is(failuresOf(all, { ...counts, verified: false }, 0, 0).length, 0);
});

test.run();
