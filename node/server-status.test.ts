import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { SimClock } from '../journal/testing/sim-clock.ts';
import { SimDisk } from '../journal/testing/sim-disk.ts';
import { ServerStatus } from './server-status.ts';

test('the status outlives a power loss; without one, or with an unknown one, it is the default [status-kept]', async () => {
  const clock = new SimClock();
  const disk = new SimDisk({ clock, operationMs: 0, syncMs: 0, random: () => 0.5, writeBackChance: 0 });
  const settings = { defaultStatus: 'quiescent', statusChangeGraceMs: 1000 } as const;
  const within = async <T>(work: Promise<T>): Promise<T> => {
    await clock.runFor(10);
    return work;
  };
  const first = await within(ServerStatus.load(disk, clock, settings));
  assert.equal([first.name, first.blocks], ['quiescent', 'everything']);
  await within(first.change('readonly'));
  disk.crash('power');
  const after = disk.reopen();
  const second = await within(ServerStatus.load(after, clock, settings));
  assert.equal([second.name, second.blocks], ['readonly', 'writes']);
  await within(after.replace('status', Buffer.from('sleepy\n')));
  assert.is((await within(ServerStatus.load(after, clock, settings))).name, 'quiescent');
});

test.run();
