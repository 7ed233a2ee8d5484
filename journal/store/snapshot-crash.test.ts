/** A kill at every step of a snapshot's coming in, and of the restart after it. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { entryBytes } from '../log/entry.ts';
import { ModelPartition } from '../testing/model-store.ts';
import { type Before, StoreWorld } from '../testing/store-world.ts';

const partition = 9;
const chunkBytes = 2000;

/** What a leader has to give: a snapshot in chunks, and the log after it. */
interface Supply {
  readonly model: ModelPartition;
  /** The last entry that the snapshot stands for. */
  readonly sequence: number;
  readonly snapshot: readonly Buffer[];
  readonly log: readonly Buffer[];
}

/** Whole entries, so many that a chunk has `chunkBytes` or one entry. */
function chunks(run: Buffer): Buffer[] {
  const found: Buffer[] = [];
  let from = 0;
  for (let at = 0; at < run.length; ) {
    at += entryBytes(run, at);
    if (at - from < chunkBytes && at < run.length) continue;
    found.push(run.subarray(from, at));
    from = at;
  }
  return found;
}

/** A leader with items in backlog files and in the journal, gaps between them, and tokens. */
async function supply(): Promise<Supply> {
  const world = new StoreWorld(1, 'always');
  const model = new ModelPartition(partition);
  await world.open();
  const { store, clock } = world;
  for (let epoch = 0; epoch < 3; epoch++) {
    model.beginEpoch(store);
    await clock.complete(store.flushed());
  }
  for (const name of ['a', 'b', 'empty']) model.createQueue(store, name);
  const fill = async (rounds: number, bytes: number): Promise<void> => {
    for (let round = 0; round < rounds; round++) {
      for (let index = 0; index < 8; index++) model.addItem(store, 'a', index, `${round}.${index}`.padEnd(bytes, 'a'));
      model.addItem(store, 'b', round, `${round}`.padEnd(bytes, 'b'));
      await clock.complete(store.flushed());
      model.removeItems(store, 'a', [8 * round + 2, 8 * round + 3]);
      await clock.runFor(50);
    }
  };
  await fill(9, 250);
  const taken = store.openSnapshot(partition);
  const pieces: Buffer[] = [];
  for (let piece = await clock.complete(taken.next()); piece; piece = await clock.complete(taken.next())) {
    pieces.push(piece);
  }
  await fill(2, 100);
  await clock.complete(store.flushed());
  const log = (await clock.complete(store.readEntries(partition, taken.sequence + 1, 1 << 20))) as Buffer;
  taken.close();
  return { model, sequence: taken.sequence, snapshot: chunks(Buffer.concat(pieces)), log: chunks(log) };
}

/** A follower that had another log before; beside it, in the same journal, a partition of which it is the leader. */
class Follower {
  readonly world: StoreWorld;
  readonly #supply: Supply;
  readonly #model: ModelPartition;
  readonly #former = new ModelPartition(partition);
  /** What it has told to be durable, of which log. */
  #told: { log: 'former' | 'new'; sequence: number } = { log: 'former', sequence: 0 };
  #besideTold = 0;
  /** The beginning of the snapshot was durable: what was there before must not come again. */
  #hasBegun = false;

  constructor(seed: number, sync: 'always' | 'never', given: Supply) {
    this.world = new StoreWorld(seed, sync);
    this.#supply = given;
    this.#model = given.model.copy();
  }

  async open(before?: Before): Promise<void> {
    await this.world.open(before);
    this.#listen();
  }

  #listen(): void {
    if (this.world.hasCrashed || this.world.store === undefined) return;
    const { events } = this.world.store;
    this.world.store.events = {
      ...events,
      durable: (ends) => {
        const sequence = ends.get(partition);
        if (sequence !== undefined) this.#told = { ...this.#told, sequence };
        this.#besideTold = ends.get(5) ?? this.#besideTold;
      },
    };
  }

  async #flushed(): Promise<void> {
    const { world } = this;
    if (!world.hasCrashed) await world.settle(world.store.flushed());
  }

  async play(): Promise<void> {
    const { world } = this;
    if (world.hasCrashed) return;
    this.#former.beginEpoch(world.store);
    this.#former.createQueue(world.store, 'a');
    for (let id = 1; id <= 30; id++) this.#former.addItem(world.store, 'a', 0, 'former'.padEnd(250));
    world.model.beginEpoch(world.store);
    world.model.createQueue(world.store, 'beside');
    await this.#flushed();
    if (!world.hasCrashed) await world.settle(world.clock.runFor(100));
    await this.fill();
    if (!world.hasCrashed) await world.settle(world.clock.runFor(5000));
    if (!world.hasCrashed) await world.settle(world.store.close());
  }

  /** Gives it what it lacks. */
  async fill(): Promise<void> {
    const { world } = this;
    if (world.hasCrashed) return;
    const { lastSequence, lastEpoch } = world.store.replica(partition);
    const isNew = lastEpoch === this.#model.epoch;
    if (!isNew) {
      this.#told = { log: 'new', sequence: 0 };
      for (const chunk of this.#supply.snapshot) await this.#give(chunk);
    }
    if (world.hasCrashed) return;
    const from = isNew ? lastSequence : this.#supply.sequence;
    const rest = Buffer.concat(this.#supply.log);
    let at = 0;
    for (let sequence = this.#supply.sequence; sequence < from; sequence++) at += entryBytes(rest, at);
    for (const chunk of chunks(rest.subarray(at))) await this.#give(chunk);
  }

  async #give(chunk: Buffer): Promise<void> {
    const { world } = this;
    if (world.hasCrashed) return;
    world.store.appendRun(chunk);
    world.model.addItem(world.store, 'beside', 0, 'beside');
    await this.#flushed();
    this.#hasBegun ||= !world.hasCrashed;
    if (!world.hasCrashed) await world.settle(world.clock.runFor(20));
  }

  async restart(before?: Before): Promise<void> {
    await this.world.restart(before);
    this.#listen();
  }

  /** It is wholly what it was, or empty, or wholly what the leader has; and never less than it has told. */
  async check(isKept: boolean): Promise<'former' | 'empty' | 'new'> {
    const { world } = this;
    const { state, lastSequence, lastEpoch, queues } = world.store.replica(partition);
    assert.is(state, 'whole');
    if (isKept) assert.ok(world.model.length >= this.#besideTold, 'what is beside it was durable');
    await world.compare();
    const told = isKept ? this.#told : { log: 'former' as const, sequence: 0 };
    if (lastEpoch === this.#model.epoch) {
      assert.ok(lastSequence >= this.#supply.sequence, 'a part of a snapshot');
      if (told.log === 'new') assert.ok(lastSequence >= told.sequence, 'less than it has told');
      const model = this.#model.copy();
      model.cut(lastSequence);
      await world.clock.complete(model.compare(world.store, 2000));
      return 'new';
    }
    if (told.log === 'new') assert.is(told.sequence, 0, 'it has told of the new log');
    if (lastSequence === 0) {
      assert.is(queues.size, 0);
      if (told.log === 'former') assert.is(told.sequence, 0, 'it has told of the former log');
      return 'empty';
    }
    if (isKept) assert.ok(!this.#hasBegun, 'what was thrown away is there again');
    if (told.log === 'former') assert.ok(lastSequence >= told.sequence);
    const former = this.#former.copy();
    former.cut(lastSequence);
    await world.clock.complete(former.compare(world.store, 2000));
    return 'former';
  }
}

/** Plays until the crash before operation number `count`; gives the follower, and how many operations there were. */
async function crashed(count: number, sync: 'always' | 'never', kind: 'power' | 'process', given: Supply) {
  const follower = new Follower(count, sync, given);
  await follower.open((_operation, _name, at) => {
    if (at === count) follower.world.crash(kind);
  });
  await follower.play();
  return follower;
}

/** The operations of a play without a crash; what has to happen in it does. */
async function operationsOf(sync: 'always' | 'never', given: Supply): Promise<number> {
  const seen = new Map<string, number>();
  const follower = new Follower(0, sync, given);
  await follower.open((operation, name) => {
    const key = `${operation} ${name.replace(/\d+/g, '0')}`;
    seen.set(key, (seen.get(key) ?? 0) + 1);
  });
  await follower.play();
  const { operations } = follower.world;
  for (const key of ['replace checkpoint', 'sync backlog/0.backlog', 'rename journal/0.spare']) {
    assert.ok((seen.get(key) ?? 0) >= 3, `${key}: ${seen.get(key)}`);
  }
  assert.ok(seen.has('remove backlog/0.backlog'), 'the former log had been settled');
  await follower.restart();
  assert.is(await follower.check(sync === 'always'), 'new');
  return operations;
}

for (const sync of ['always', 'never'] as const) {
  for (const kind of ['power', 'process'] as const) {
    const isKept = sync === 'always' || kind === 'process';

    test(`a crash (${kind}, sync: ${sync}) before any disk operation while a snapshot comes in`, async () => {
      const given = await supply();
      const operations = await operationsOf(sync, given);
      const found = new Set<string>();
      for (let count = 1; count <= operations; count++) {
        const follower = await crashed(count, sync, kind, given);
        await follower.restart();
        found.add(await follower.check(isKept));
        if (count % 8 !== 0 || !follower.world.model.queues().has('beside')) continue;
        await follower.fill();
        await follower.restart();
        assert.is(await follower.check(isKept), 'new');
      }
      assert.equal([...found].sort(), ['empty', 'former', 'new']);
    });
  }
}

for (const kind of ['power', 'process'] as const) {
  test(`… and another (${kind}) before any of the restart after it`, async () => {
    const given = await supply();
    const operations = await operationsOf('always', given);
    for (let count = 5; count <= operations; count += 41) {
      for (let second = 1, isPast = false; !isPast; second++) {
        const follower = await crashed(count, 'always', kind, given);
        const { world } = follower;
        await follower.restart((_operation, _name, at) => {
          if (at === second && !isPast) world.crash(kind);
        });
        if (!world.hasCrashed) await world.settle(world.clock.runFor(2500));
        isPast = !world.hasCrashed;
        if (world.hasCrashed) await follower.restart();
        await follower.check(true);
      }
    }
  });
}

test.run();
