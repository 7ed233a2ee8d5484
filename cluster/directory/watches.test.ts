import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SimClock } from '../../journal/testing/sim-clock.ts';
import type { Listing, Versioned } from './directory.ts';
import { type Snapshot, type WatchedStore, Watches } from './watches.ts';

const test = suite('watches');

/** A store whose state the test sets, and which counts how often it is asked. */
class Store implements WatchedStore {
  marks = 0;
  snapshots = 0;
  current = 'a';
  listing: Listing = { revision: 1, entries: [] };
  expiresInMs = Number.POSITIVE_INFINITY;
  broken = false;
  /** Called when the mark has been read and the listing not yet. */
  between = (): void => {};

  async mark(): Promise<string> {
    this.marks++;
    if (this.broken) throw new Error('broken');
    return this.current;
  }

  async snapshot(): Promise<Snapshot> {
    this.snapshots++;
    if (this.broken) throw new Error('broken');
    const snapshot = { listing: this.listing, expiresInMs: this.expiresInMs };
    this.between();
    return snapshot;
  }

  set(revision: number, ...keys: readonly string[]): void {
    const entries = keys.map((key): Versioned => ({ key, value: 'v', version: revision }));
    this.listing = { revision, entries };
  }
}

function setUp() {
  const [clock, store] = [new SimClock(), new Store()];
  const watches = new Watches(store, clock, { intervalMs: 100, listingMaxAgeMs: 2000 });
  const told: string[] = [];
  const watch = watches.add(
    '',
    (listing) => told.push(listing.entries.map((entry) => entry.key).join('+')),
    () => told.push('failed'),
  );
  return { clock, store, watches, told, watch };
}

test('looks at the mark at every interval, and lists only when it moved', async () => {
  const { clock, store, told } = setUp();
  await clock.runUntil(1050);
  assert.equal([store.marks, store.snapshots], [11, 1]);
  store.current = 'b';
  store.set(2, 'k');
  await clock.runUntil(1150);
  assert.equal(told, ['', 'k']);
  assert.is(store.snapshots, 2);
});

test('a poke is a look at once', async () => {
  const { clock, store, watches, told } = setUp();
  await clock.runUntil(10);
  store.current = 'b';
  store.set(2, 'k');
  watches.poke();
  await clock.settle();
  assert.equal(told, ['', 'k']);
});

test('a change between mark and listing, or during a look, is not missed', async () => {
  const { clock, store, watches, told } = setUp();
  store.between = () => {
    store.between = () => {};
    store.current = 'b';
    store.set(2, 'k');
    watches.poke();
  };
  await clock.settle();
  assert.equal(told, ['', 'k']);
});

test('lists again when a lease may have run out, and when the listing is old', async () => {
  const { clock, store, told } = setUp();
  store.set(1, 'lease');
  store.expiresInMs = 130;
  await clock.runUntil(129);
  assert.equal(told, ['lease']);
  store.set(1);
  store.expiresInMs = Number.POSITIVE_INFINITY;
  await clock.runUntil(131);
  assert.equal(told, ['lease', '']);
  store.set(2, 'under the same mark');
  await clock.runUntil(2140);
  assert.equal(told, ['lease', '', 'under the same mark']);
});

test('tells of a revision that went back though the entries are the same', async () => {
  const { clock, store, told } = setUp();
  await clock.runUntil(10);
  store.set(0);
  store.current = 'b';
  await clock.runUntil(150);
  assert.equal(told, ['', '']);
});

test('tells of an outage once, goes on looking, and tells of its end', async () => {
  const { clock, store, told } = setUp();
  await clock.runUntil(10);
  store.broken = true;
  await clock.runUntil(3000);
  assert.equal(told, ['', 'failed']);
  store.broken = false;
  await clock.runUntil(3100);
  assert.equal(told, ['', 'failed', '']);
});

test('a closed watch costs nothing', async () => {
  const { clock, store, watch, told } = setUp();
  await clock.runUntil(10);
  watch.close();
  const marks = store.marks;
  await clock.runUntil(5000);
  assert.is(store.marks, marks);
  assert.is(clock.nextDueMs(), undefined);
  assert.equal(told, ['']);
});

test.run();
