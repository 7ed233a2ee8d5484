import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type BatchSight, type BatchVerdict, type FoundSegment, judgeBatch, judgeRow } from './recovery.ts';
import type { SegmentHeader } from './segment.ts';

const all: [BatchSight['segment'], BatchSight['frame'], BatchSight['entries'], boolean, BatchVerdict][] = [
  ['ended', 'good', 'all', false, 'replay'],
  ['ended', 'good', 'all', true, 'replay'],
  ['ended', 'good', 'some', false, 'corrupt'],
  ['ended', 'good', 'some', true, 'corrupt'],
  ['ended', 'good', 'none', false, 'corrupt'],
  ['ended', 'good', 'none', true, 'corrupt'],
  ['ended', 'bad', 'none', false, 'corrupt'],
  ['ended', 'bad', 'none', true, 'corrupt'],
  ['last', 'good', 'all', false, 'replay'],
  ['last', 'good', 'all', true, 'replay'],
  ['last', 'good', 'some', false, 'keep-whole-entries'],
  ['last', 'good', 'some', true, 'corrupt'],
  ['last', 'good', 'none', false, 'cut'],
  ['last', 'good', 'none', true, 'corrupt'],
  ['last', 'bad', 'none', false, 'cut'],
  ['last', 'bad', 'none', true, 'corrupt'],
];

test('the table of batches has every combination, each with its verdict', () => {
  assert.is(all.length, 2 * (3 + 1) * 2); // a bad frame goes with 'none' only
  for (const [segment, frame, entries, vouched, verdict] of all) {
    assert.is(judgeBatch({ segment, frame, entries, vouched }), verdict, `${segment} ${frame} ${entries} ${vouched}`);
  }
});

function header(number: number, previousNumber: number): SegmentHeader {
  return { number, previousNumber, previousEnd: 0, firstBatch: 1, salt: 0 };
}

function row(...segments: [number, number | 'damaged' | 'other-version'][]): FoundSegment[] {
  return segments.map(([number, previous]) => ({
    number,
    header: typeof previous === 'number' ? header(number, previous) : previous,
  }));
}

/** Numbers to replay, or kind and number of what is wrong. */
function judged(found: FoundSegment[], firstSegment: number): string {
  const verdict = judgeRow(found, firstSegment);
  return verdict.kind === 'replay'
    ? verdict.segments.map(({ number }) => number).join(' ')
    : `${verdict.kind} ${verdict.number}`;
}

test('a row is followed from its newest segment back to the oldest that is needed', () => {
  assert.is(judged(row(), 0), '');
  assert.is(judged(row(), 1), '');
  assert.is(judged(row([1, 0], [2, 1], [3, 2]), 0), '1 2 3');
  assert.is(judged(row([2, 1], [3, 2]), 2), '2 3');
  assert.is(judged(row([2, 1], [3, 2]), 3), '3');
});

test('a segment that its successor passes over does not count, whatever its state', () => {
  assert.is(judged(row([1, 0], [2, 1], [3, 1]), 0), '1 3');
  assert.is(judged(row([1, 0], [2, 'damaged'], [3, 1]), 0), '1 3');
  assert.is(judged(row([6, 4]), 5), '6', 'the oldest needed was empty');
  assert.is(judged(row([3, 0]), 0), '3');
});

test('what is missing from a row is named', () => {
  assert.is(judged(row(), 2), 'corrupt 2');
  assert.is(judged(row([1, 0]), 2), 'corrupt 2');
  assert.is(judged(row([1, 0], [3, 2]), 1), 'corrupt 2');
  assert.is(judged(row([2, 1], [3, 2]), 1), 'corrupt 1');
  assert.is(judged(row([3, 2]), 2), 'corrupt 2');
});

test('a header that is damaged, misplaced or of another version stops recovery', () => {
  assert.is(judged(row([1, 0], [2, 'damaged']), 1), 'corrupt 2');
  assert.is(judged(row([1, 'damaged'], [2, 1]), 1), 'corrupt 1');
  assert.is(judged(row([1, 'other-version'], [2, 1]), 1), 'incompatible 1');
  assert.is(judged([{ number: 5, header: header(4, 3) }], 4), 'corrupt 5');
  assert.is(judged(row([4, 4]), 4), 'corrupt 4');
});

test.run();
