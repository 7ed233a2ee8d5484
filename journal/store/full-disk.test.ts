/** A disk that gets full at any operation, and has room again later. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { WindhoverError } from '../base/errors.ts';
import { smallStore } from '../testing/small-store.ts';
import { StoreWorld } from '../testing/store-world.ts';
import type { DiskOperation } from '../testing/watched-disk.ts';

/** What finds no room on a full disk, beside writes past a file's end: what makes files longer, or also what names them. */
const needsRoom: Record<string, ReadonlySet<DiskOperation>> = {
  'no blocks': new Set<DiskOperation>(['replace', 'allocate']),
  'no blocks and no names': new Set<DiskOperation>(['replace', 'allocate', 'create', 'rename', 'makeFolder']),
};
const limitBytes = 9 * smallStore.segmentBytes;
const unsettledBytes = 3 * smallStore.segmentBytes;

/** A store on a disk that is full from the `count`th operation on that needs room, until it has room again. */
class FullWorld {
  readonly world: StoreWorld;
  /** The operations that found no room. */
  readonly refused = new Set<string>();
  readonly #count: number;
  readonly #needsRoom: ReadonlySet<DiskOperation> | undefined;
  #asked = 0;
  state: 'room' | 'full' | 'room again' = 'room';

  constructor(count: number, kind: string) {
    this.#count = count;
    this.#needsRoom = needsRoom[kind];
    this.world = new StoreWorld(count, 'always', { limitBytes, unsettledBytes });
  }

  async open(): Promise<void> {
    const { world } = this;
    await world.open((operation, name) => {
      const isGrowing = operation === 'write' && name.startsWith('backlog/');
      if (world.store === undefined || !(this.#needsRoom?.has(operation) || isGrowing)) return;
      if (this.state === 'room' && ++this.#asked === this.#count) this.state = 'full';
      if (this.state !== 'full') return;
      this.refused.add(`${operation} ${name.replace(/\d+/g, '0')}`);
      throw new WindhoverError('no-space', `${name}: as told`);
    });
    world.model.beginEpoch(world.store);
    world.model.createQueue(world.store, 'q');
  }

  /** Items come, and fewer go, from the head and from the middle; the store settles, and compacts. */
  async load(rounds: number): Promise<void> {
    const { store, model, clock } = this.world;
    for (let round = 0; round < rounds; round++) {
      for (let index = 0; index < 8 && store.room === 'ample'; index++) {
        model.addItem(store, 'q', round, `${model.length}`.padEnd(300, 'q'));
        await clock.runFor(1); // what finds no room waits for it, and is not answered
      }
      const { items } = model.queue('q');
      const [first, middle] = [items[0]?.id ?? 1, items[items.length >> 1]?.id ?? 1];
      if (store.room !== 'none') model.removeItems(store, 'q', [first, first + 1, middle + 2, middle + 4]);
      await clock.runFor(round % 4 === 3 ? 3000 : 50);
    }
  }

  /** Everything that has been written is there, and can be read. */
  async compare(): Promise<void> {
    const { store, model, clock } = this.world;
    const written = model.copy();
    written.cut(store.replica(model.partition).lastSequence);
    await clock.complete(written.compare(store, 2000));
  }

  /** Nothing is left of what has gone, and nothing of what was begun. */
  async clearAway(): Promise<void> {
    const { world } = this;
    world.clearUp();
    await world.clock.runFor(20_000);
    const names = world.sim.names();
    assert.equal(
      names.filter((name) => name.startsWith('backlog/') || name.endsWith('.new')),
      [],
    );
    const bytes = names.filter((name) => name.startsWith('journal/')).length * smallStore.segmentBytes;
    assert.ok(bytes <= limitBytes, `${names}`);
    const live = names.filter((name) => name.endsWith('.segment')).map((name) => Number(/\d+/.exec(name)?.[0]));
    assert.is((live.at(-1) ?? 0) - (live[0] ?? 0), live.length - 1, 'a segment was left behind');
  }
}

const rounds = 16;

const everyOperation = [
  'allocate journal/0.new',
  'create backlog/0.backlog',
  'create journal/0.new',
  'makeFolder backlog',
  'rename journal/0.new',
  'rename journal/0.segment',
  'rename journal/0.spare',
  'replace checkpoint',
];

for (const kind of Object.keys(needsRoom)) {
  test(`a disk that has ${kind} from any operation on: reads and removals go on, and it recovers by itself`, async () => {
    const refused = new Set<string>();
    for (let count = 1; ; count++) {
      const full = new FullWorld(count, kind);
      const { world } = full;
      await full.open();
      await full.load(rounds);
      if (full.state === 'room') break;
      await full.load(rounds);
      assert.is.not(world.store.room, 'ample', `full at ${count}`);
      await full.compare();
      const { length } = world.model;
      full.state = 'room again';
      await world.clock.runFor(3000);
      assert.is(world.store.room, 'ample', `room again at ${count}`);
      await full.load(4);
      await world.clock.complete(world.store.flushed());
      assert.ok(world.model.length > length);
      await world.compare();
      if (count % 2 === 0) await full.clearAway();
      assert.not(world.hasFailed);
      assert.ok(world.troubles.every((trouble) => trouble.endsWith('as told')));
      world.crash('power');
      await world.restart();
      await world.compare();
      for (const key of full.refused) refused.add(key);
    }
    const possible = everyOperation.filter((key) => needsRoom[kind]?.has(key.split(' ')[0] as DiskOperation));
    assert.equal([...refused].sort(), [...possible, 'write backlog/0.backlog'].sort());
  });
}

test.run();
