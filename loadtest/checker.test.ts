import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { Bitmap } from './bitmap.ts';
import { Checker, type Verdict } from './checker.ts';
import type { Payload } from './payload.ts';

const nothing: Verdict = {
  attempted: 0,
  acknowledged: 0,
  delivered: 0,
  lost: 0,
  duplicated: 0,
  unexpected: 0,
  uncertain: 0,
  uncertainFound: 0,
  closeUncertain: 0,
  orderViolations: 0,
  lostSamples: [],
};

function stored(checker: Checker, producer = 0, queue = 0): Payload {
  const item = checker.attempt(producer, queue);
  checker.acknowledged(item);
  return item;
}

function deliver(checker: Checker, item: Payload, reader = 'r'): void {
  assert.ok(checker.read(reader, item.queue, { ...item }));
  checker.closed(item);
}

test('set, read and closed: nothing to say', () => {
  const checker = new Checker(9, 2);
  for (let i = 0; i < 100; i++) deliver(checker, stored(checker, i % 2, i % 5));
  assert.equal(checker.verdict(), { ...nothing, attempted: 100, acknowledged: 100, delivered: 100 });
});

test('acknowledged and never read is lost, and named', () => {
  const checker = new Checker(9, 2);
  deliver(checker, stored(checker));
  const gone = stored(checker, 1, 3);
  const verdict = checker.verdict();
  assert.is(verdict.lost, 1);
  assert.equal(verdict.lostSamples, [gone]);
});

test('read without its close sent is given back: lost when it never comes again', () => {
  const checker = new Checker(9, 1);
  const item = stored(checker);
  checker.read('r', 0, item);
  assert.is(checker.verdict().lost, 1);
  deliver(checker, item);
  assert.equal(checker.verdict(), { ...nothing, attempted: 1, acknowledged: 1, delivered: 1 });
});

test('a close without an answer may have delivered: not lost, and not a duplicate when it comes again', () => {
  const checker = new Checker(9, 1);
  const item = stored(checker);
  checker.read('r', 0, item);
  checker.closeLost(item);
  assert.equal(checker.verdict(), { ...nothing, attempted: 1, acknowledged: 1, closeUncertain: 1 });
  deliver(checker, item);
  assert.equal(checker.verdict(), { ...nothing, attempted: 1, acknowledged: 1, delivered: 1 });
});

test('closed twice, both times answered, is duplicated each further time', () => {
  const checker = new Checker(9, 1);
  const item = stored(checker);
  for (let i = 0; i < 3; i++) deliver(checker, item);
  assert.equal(checker.verdict(), { ...nothing, attempted: 1, acknowledged: 1, delivered: 1, duplicated: 2 });
});

test('a set without an answer may be there once or not', () => {
  const checker = new Checker(9, 1);
  checker.attempt(0, 0);
  deliver(checker, checker.attempt(0, 0));
  const verdict = checker.verdict();
  assert.equal(verdict, { ...nothing, attempted: 2, uncertain: 2, uncertainFound: 1, delivered: 1 });
});

test('whatever was never set is unexpected', () => {
  const checker = new Checker(9, 1);
  const item = stored(checker);
  const refused = checker.attempt(0, 0);
  checker.refused(refused);
  const strangers: (Payload | undefined)[] = [
    undefined,
    { ...item, run: 8 },
    { ...item, producer: 1 },
    { ...item, sequence: 2 },
    { ...item, queue: 1 },
    refused,
  ];
  for (const stranger of strangers) assert.not.ok(checker.read('r', 0, stranger));
  assert.not.ok(checker.read('r', 1, item), 'from a queue that it was not set on');
  deliver(checker, item);
  assert.equal(checker.verdict(), { ...nothing, attempted: 1, acknowledged: 1, delivered: 1, unexpected: 7 });
});

test('out of order: a reader first sees an acknowledged item after a later one of its producer and queue', () => {
  const checker = new Checker(9, 1);
  const [a, b, c] = [stored(checker), stored(checker), stored(checker)];
  deliver(checker, b);
  deliver(checker, a);
  deliver(checker, c);
  assert.is(checker.verdict().orderViolations, 1);
});

test('in order: what was handed out before, another reader, another queue, a set without an answer', () => {
  const checker = new Checker(9, 1);
  const uncertain = checker.attempt(0, 0);
  const [a, b, other] = [stored(checker), stored(checker), stored(checker, 0, 1)];
  checker.read('r', 0, a);
  deliver(checker, b);
  deliver(checker, a);
  deliver(checker, uncertain);
  deliver(checker, other);
  const later = stored(checker);
  const last = stored(checker);
  deliver(checker, last, 'r');
  deliver(checker, later, 's');
  assert.is(checker.verdict().orderViolations, 0);
});

test('any history is counted as a plain model counts it', () => {
  const steps = fc.array(
    fc.record({
      set: fc.constantFrom('acknowledged', 'refused', 'uncertain'),
      ends: fc.array(fc.constantFrom('closed', 'lost', 'given back'), { maxLength: 3 }),
    }),
    { maxLength: 80 },
  );
  fc.assert(
    fc.property(steps, (items) => {
      const checker = new Checker(1, 3);
      const expected = { lost: 0, duplicated: 0, delivered: 0, unexpected: 0, closeUncertain: 0, uncertainFound: 0 };
      items.forEach(({ set, ends }, index) => {
        const item = checker.attempt(index % 3, 0);
        if (set === 'acknowledged') checker.acknowledged(item);
        if (set === 'refused') checker.refused(item);
        for (const end of ends) {
          if (!checker.read('r', 0, item)) continue;
          if (end === 'closed') checker.closed(item);
          if (end === 'lost') checker.closeLost(item);
        }
        const closes = ends.filter((end) => end === 'closed').length;
        if (set === 'refused') expected.unexpected += ends.length;
        else if (closes > 0) {
          expected.delivered++;
          expected.duplicated += closes - 1;
          if (set === 'uncertain') expected.uncertainFound++;
        } else if (set === 'acknowledged') expected[ends.includes('lost') ? 'closeUncertain' : 'lost']++;
      });
      const { lost, duplicated, delivered, unexpected, closeUncertain, uncertainFound } = checker.verdict();
      assert.equal({ lost, duplicated, delivered, unexpected, closeUncertain, uncertainFound }, expected);
    }),
  );
});

test('a million items take a few bytes each', () => {
  const checker = new Checker(1, 1);
  const before = process.memoryUsage();
  for (let i = 0; i < 1_000_000; i++) deliver(checker, stored(checker));
  const after = process.memoryUsage();
  assert.is(checker.verdict().delivered, 1_000_000);
  assert.ok(after.arrayBuffers - before.arrayBuffers < 16_000_000);
});

test('a bitmap is a set', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 5000 })), (numbers) => {
      const bitmap = new Bitmap();
      const set = new Set<number>();
      for (const number of numbers) {
        assert.is(bitmap.add(number), !set.has(number));
        set.add(number);
      }
      assert.is(bitmap.count, set.size);
      for (let i = 0; i <= 5001; i++) assert.is(bitmap.has(i), set.has(i));
    }),
  );
});

test.run();
