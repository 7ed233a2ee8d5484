import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { WindhoverError } from '../base/errors.ts';
import { StoreWorld } from '../testing/store-world.ts';

const rounds = 8;

async function countOperations(sync: 'always' | 'never'): Promise<number> {
  const world = new StoreWorld(1, sync);
  const seen = new Map<string, number>();
  await world.open((operation, name) => {
    const key = `${operation} ${name.replace(/\d+/g, '0')}`;
    seen.set(key, (seen.get(key) ?? 0) + 1);
  });
  await world.play(rounds);
  // The scenario is worth something only while all of this happens in it.
  assert.ok((seen.get('replace checkpoint') ?? 0) > 4, 'checkpoints');
  assert.ok((seen.get('sync backlog/0.backlog') ?? 0) > 4, 'backlog files');
  assert.ok((seen.get('remove backlog/0.backlog') ?? 0) > 2, 'deletions');
  const released = (seen.get('remove journal/0.segment') ?? 0) + (seen.get('rename journal/0.segment') ?? 0);
  assert.ok(released > 4, 'segments given back');
  return world.operations;
}

for (const sync of ['always', 'never'] as const) {
  for (const kind of ['power', 'process'] as const) {
    test(`a crash (${kind}, sync: ${sync}) before any disk operation loses nothing durable`, async () => {
      const operations = await countOperations(sync);
      for (let count = 1; count <= operations; count++) {
        const world = new StoreWorld(count, sync);
        let durable = 0;
        await world.open((_operation, _name, at) => {
          if (at !== count) return;
          durable = world.store?.replica(5).durableSequence ?? 0;
          world.crash(kind);
        });
        await world.play(rounds);
        await world.restart();
        if (sync === 'always' || kind === 'process') assert.ok(world.model.length >= durable, `durable at ${count}`);
        await world.compare();
        if (count % 4 !== 0) continue;
        await world.play(3);
        await world.restart();
        await world.compare();
        assert.equal(world.troubles, []);
      }
    });
  }
}

test('a checkpoint that could not be written is counted on by nobody: no segment is given away before the next is there', async () => {
  let refused = 0;
  for (let count = 1; count < 12; count++) {
    const world = new StoreWorld(count, 'always');
    let checkpoints = 0;
    const early: string[] = [];
    await world.open((operation, name) => {
      if (operation === 'replace' && name === 'checkpoint' && world.store !== undefined && ++checkpoints === count) {
        refused++;
        throw new WindhoverError('io', `${name}: as told`);
      }
      if (checkpoints === count && operation === 'rename' && name.endsWith('.segment')) early.push(name);
    });
    await world.play(rounds);
    assert.equal(early, [], `checkpoint ${count}`);
  }
  assert.ok(refused > 5);
});

for (const code of ['no-space', 'io'] as const) {
  test(`any operation on a checkpoint or backlog file may fail (${code}): it is done again, and nothing is lost`, async () => {
    const operations = await countOperations('always');
    let troubles = 0;
    for (let count = 1; count <= operations; count++) {
      const world = new StoreWorld(count, 'always');
      let hasFailed = false;
      await world.open((operation, name, at) => {
        const isStores = operation !== 'close' && (name.startsWith('backlog/') || name === 'checkpoint');
        if (hasFailed || at < count || !isStores || world.store === undefined) return;
        hasFailed = true;
        throw new WindhoverError(code, `${name}: as told`);
      });
      if (world.store === undefined) continue;
      await world.play(rounds);
      if (hasFailed) assert.equal(world.troubles, [world.troubles[0]], `told once at ${count}`);
      troubles += world.troubles.length;
      await world.restart();
      await world.compare();
      world.clearUp();
      await world.clock.runFor(10_000);
      assert.equal(
        world.sim.names().filter((name) => name.startsWith('backlog/') && name.endsWith('.backlog')),
        [],
      );
    }
    assert.ok(troubles > 20);
  });
}

test.run();
