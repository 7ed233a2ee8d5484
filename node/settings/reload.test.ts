import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { settingsKey } from '../../cluster/partition-map.ts';
import { SimDirectory } from '../../cluster/testing/sim-directory.ts';
import { WindhoverError } from '../../journal/base/errors.ts';
import { SimClock } from '../../journal/testing/sim-clock.ts';
import { type Reload, reloadSettings } from './reload.ts';

function stage() {
  const clock = new SimClock();
  const directory = new SimDirectory(clock, () => 0.5).connect('ann');
  const reload = (reread: Reload['reread'], versionHeld: () => number): Promise<string> =>
    clock.complete(
      reloadSettings({ reread, directory, clock, versionHeld }).then(
        () => 'done',
        (error: Error) => error.message,
      ),
    );
  const present = async (): Promise<string | undefined> => (await clock.complete(directory.read(settingsKey)))?.value;
  return { clock, reload, present };
}

test('a reload ends when this node goes by what it put, and not before [reload]', async () => {
  const { clock, reload, present } = stage();
  let held = 0;
  clock.schedule(3000, () => {
    held = 1_000_000;
  });
  const beganMs = clock.monotonicMs();
  assert.is(
    await reload(
      () => 'new',
      () => held,
    ),
    'done',
  );
  assert.ok(clock.monotonicMs() - beganMs >= 3000);
  assert.is(await present(), 'new');
});

test('a reload ends when the node does not hear of it in time [reload]', async () => {
  const { reload } = stage();
  assert.match(
    await reload(
      () => 'new',
      () => 0,
    ),
    /taken up later/,
  );
});

test('no file, none of the sections, or many things wrong: one line, and nothing is put [reload]', async () => {
  const { reload, present } = stage();
  const never = (): number => 0;
  const wrong = (): never => {
    throw new WindhoverError('invalid', 'a\nb\nc');
  };
  assert.match(await reload(undefined, never), /without --config/);
  assert.match(await reload(() => undefined, never), /none of the sections/);
  assert.is(await reload(wrong, never), 'a (and 2 more)');
  assert.is(await present(), undefined);
});

test.run();
