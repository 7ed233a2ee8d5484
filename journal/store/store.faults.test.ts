/** Writes and syncs of the journal that fail, at every one of them, and writes that come short. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { WindhoverError } from '../base/errors.ts';
import { StoreWorld } from '../testing/store-world.ts';

const rounds = 4;

/** Plays with the `number`th such operation on the journal failing, then the power goes; false when there are fewer. */
async function failing(kind: 'write' | 'sync', number: number): Promise<boolean> {
  const world = new StoreWorld(number, 'always');
  let met = 0;
  let durable = 0;
  await world
    .open((operation, name) => {
      if (operation !== kind || !name.startsWith('journal/') || ++met !== number) return;
      durable = world.store?.replica(5).durableSequence ?? 0;
      if (kind === 'sync') world.sim.failNextSync();
      else world.sim.failNextWrite();
    })
    .catch(() => undefined);
  if (world.store === undefined) return true; // it failed at the start, and says so
  const closing: unknown = await world.play(rounds).catch((error: unknown) => error);
  if (met < number) return false;
  assert.ok(world.hasFailed || closing instanceof WindhoverError, `${kind} ${number} is told`);
  assert.is(world.store.replica(5).durableSequence, durable, 'nothing counts as durable after it');
  assert.throws(() => world.store.createQueue(5, 'more'));
  world.crash('power');
  await world.restart();
  assert.ok(world.model.length >= durable, `durable at ${kind} ${number}`);
  await world.compare();
  return true;
}

for (const kind of ['write', 'sync'] as const) {
  test(`a failed ${kind} of the journal, whichever: it is told, nothing is acknowledged after it, nothing is lost`, async () => {
    let number = 1;
    while (await failing(kind, number)) number++;
    assert.ok(number > 20, `${number}`);
  });
}

test('writes that always come short change nothing', async () => {
  for (const kind of ['power', 'process'] as const) {
    const world = new StoreWorld(3, 'always');
    world.sim.shortWrites = true;
    await world.open();
    await world.play(rounds);
    world.crash(kind);
    const length = world.model.length;
    await world.restart();
    assert.is(world.model.length, length);
    await world.compare();
    assert.equal(world.troubles, []);
  }
});

test.run();
