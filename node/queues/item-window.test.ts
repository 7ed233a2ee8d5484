import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ItemRun, ItemsRead } from '../../journal/store/item-run.ts';
import { ItemWindow } from './item-window.ts';
import { NodeBudget } from './node-budget.ts';
import { defaultNodeLimits } from './queue-settings.ts';

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;
const visibleEnd = 1_000_000;

const head = { flags: 0, expiresAtMs: 0, addedAtMs: 0, isDelayed: false, origin: undefined };

/** A window before a backlog of items of 1 KiB, which is read as a log would be. */
class Backlog {
  readonly budget: NodeBudget;
  readonly window: ItemWindow;
  /** Bytes asked for by the reads. */
  readonly asked: number[] = [];
  /** The most that has been in memory. */
  mostBytes = 0;
  #taken = 0;
  readonly #memory = Buffer.alloc(kibibyte);

  constructor(maxMemoryBytes = 1024 * mebibyte, queueBytes = 128 * mebibyte) {
    this.budget = new NodeBudget({ ...defaultNodeLimits, maxMemoryBytes });
    this.window = new ItemWindow(1, queueBytes, this.budget);
  }

  /** Takes what is there, but no more than so many items; gives how many. */
  take(items: number): number {
    let taken = 0;
    for (; taken < items && this.window.next(visibleEnd) !== undefined; taken++) {
      assert.is(this.window.shift().id, ++this.#taken);
    }
    return taken;
  }

  /** A hundred items at a time, and a read between. */
  takeSlowly(rounds: number): void {
    for (let round = 0; round < rounds; round++) {
      this.read(1);
      this.take(100);
    }
  }

  /** One read, or none if none is wanted, while so many items are taken, if they are there; false when there is none. */
  read(takenMeanwhile: number): boolean {
    const wanted = this.window.wantedRead(visibleEnd);
    this.take(takenMeanwhile);
    if (wanted === undefined) return false;
    this.asked.push(wanted.maxBytes);
    const runs: ItemRun[] = [];
    let id = wanted.fromId;
    for (let left = wanted.maxBytes; left >= kibibyte || runs.length === 0; left -= kibibyte + 240)
      runs.push(new ItemRun(head, id++, [kibibyte], this.#memory, 0));
    this.window.absorb(wanted.fromId, new ItemsRead(runs, id), visibleEnd, visibleEnd);
    this.mostBytes = Math.max(this.mostBytes, this.budget.memoryBytes);
    return true;
  }
}

test('a queue that is emptied before reads come back is read further ahead, up to a bound', () => {
  const at = new Backlog();
  for (let read = 0; read < 40; read++) at.read(Number.POSITIVE_INFINITY);
  assert.ok((at.asked[0] ?? 0) <= mebibyte);
  assert.is(Math.max(...at.asked), 4 * mebibyte);
  while (at.read(0)) {}
  assert.ok(at.mostBytes > 4 * mebibyte && at.mostBytes < 9 * mebibyte, `${at.mostBytes} bytes`);
});

test('a queue that is read too far ahead is read less far', () => {
  const at = new Backlog();
  for (let read = 0; read < 10; read++) at.read(Number.POSITIVE_INFINITY);
  at.takeSlowly(1000);
  at.mostBytes = 0;
  at.takeSlowly(100);
  assert.ok(at.mostBytes < 1.2 * mebibyte, `${at.mostBytes} bytes`);
});

test('a queue is read a mebibyte ahead, however slowly it is taken from', () => {
  const at = new Backlog();
  at.takeSlowly(2000);
  at.asked.length = 0;
  at.mostBytes = 0;
  at.takeSlowly(100);
  assert.ok(Math.min(...at.asked) >= mebibyte / 2, `${at.asked} bytes`);
  assert.ok(at.mostBytes > 0.9 * mebibyte, `${at.mostBytes} bytes`);
});

test('a queue is read no further ahead than it may have memory, and is read all the same', () => {
  const little = new Backlog(64 * mebibyte);
  const small = new Backlog(1024 * mebibyte, mebibyte);
  for (const at of [little, small]) {
    for (let read = 0; read < 40; read++) at.read(Number.POSITIVE_INFINITY);
    while (at.read(0)) {}
  }
  assert.ok(little.mostBytes > mebibyte && little.mostBytes <= 2 * mebibyte, `${little.mostBytes} bytes`);
  assert.ok(small.mostBytes > mebibyte / 2 && small.mostBytes <= mebibyte, `${small.mostBytes} bytes`);
  const none = new Backlog(0);
  for (let read = 0; read < 10; read++) {
    assert.ok(none.read(0));
    assert.ok(none.take(Number.POSITIVE_INFINITY) > 0);
  }
  assert.ok(none.mostBytes < 66 * kibibyte, `${none.mostBytes} bytes`);
});

test.run();
