import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict';
import { WindhoverError } from '../base/errors.ts';
import { Store } from '../store/store.ts';
import { readAll } from './model-store.ts';
import type { SimDisk } from './sim-disk.ts';
import { type TinyStore, tinyMapRevision, tinyPartition, tinySettings } from './tiny-store.ts';

/**
 * What became of damage: the store was refused and is left as it stands; it opened, and the items that the damage is in
 * are refused, the others there; it opened with the end of its log cut off; it had no part in anything; there was
 * nothing left, and an empty store was made.
 */
export type Judgement = 'refused' | 'told' | 'cut' | 'harmless' | 'new';

const readBytes = 1000;

/**
 * Opens the store on a damaged disk, reads all of it, lets it work for a while, and says what became of the damage.
 * @throws when anything is missing, invented or changed without a word, when something is deleted that can't be read,
 * or when an error does not name one of the `damaged` files
 */
export async function judge(tiny: TinyStore, disk: SimDisk, damaged: readonly string[]): Promise<Judgement> {
  const { clock, model } = tiny;
  const before = await contents(disk);
  let store: Store;
  try {
    store = await clock.complete(Store.open({ disk, clock, sync: 'always', settings: tinySettings }));
  } catch (error) {
    checkRefusal(error, damaged);
    deepStrictEqual(await contents(disk), before, 'a store that is refused is left as it stands');
    return 'refused';
  }
  store.events = { written: () => {}, durable: () => {}, failed: () => {}, troubled: (error) => told(error, damaged) };
  const { lastSequence } = store.replica(tinyPartition);
  if (lastSequence === 0) return 'new';
  ok(lastSequence <= model.length, 'something was invented');
  const isCut = lastSequence < model.length;
  if (isCut) model.cut(lastSequence);
  strictEqual(store.mapRevision, tinyMapRevision);
  const isTold = await readsAreRight(tiny, store, damaged);
  if (!isTold) await clock.complete(model.compare(store, readBytes));
  await clock.runFor(3000);
  await clock.complete(store.close());
  if (!isTold) return isCut ? 'cut' : 'harmless';
  const after = await contents(disk);
  for (const name of damaged) deepStrictEqual(after.get(name), before.get(name), `${name} is left as it is`);
  return 'told';
}

/** Whether a queue could not be read; all that can be read has to be what the model says. */
async function readsAreRight({ clock, model }: TinyStore, store: Store, damaged: readonly string[]): Promise<boolean> {
  let isTold = false;
  for (const [name, queue] of model.queues()) {
    const stored = store.replica(tinyPartition).queues.get(name);
    deepStrictEqual([stored?.number, stored?.nextId, stored?.count], [queue.number, queue.nextId, queue.items.length]);
    try {
      deepStrictEqual(
        await clock.complete(readAll(store, tinyPartition, queue.number, readBytes, 'modelled')),
        queue.items,
      );
    } catch (error) {
      told(error, damaged);
      isTold = true;
    }
  }
  return isTold;
}

function checkRefusal(error: unknown, damaged: readonly string[]): void {
  ok(error instanceof WindhoverError, String(error));
  ok(error.code === 'corrupt' || error.code === 'incompatible', error.message);
  ok(
    damaged.length === 0 || damaged.some((name) => error.message.startsWith(name)),
    `${error.message} names none of ${damaged}`,
  );
  match(error.message, /^\S+( at \d+:|, offset \d+:| is of version|: this segment of the journal)/);
}

function told(error: unknown, damaged: readonly string[]): void {
  ok(error instanceof WindhoverError, String(error));
  strictEqual(error.code, 'corrupt');
  ok(
    damaged.some((name) => error.message.startsWith(`${name} at `)),
    `${error.message} names none of ${damaged}`,
  );
}

async function contents(disk: SimDisk): Promise<Map<string, Buffer | undefined>> {
  const found = new Map<string, Buffer | undefined>();
  for (const name of disk.names()) found.set(name, await disk.readWhole(name));
  return found;
}
