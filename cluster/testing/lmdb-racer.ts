/**
 * A second process on a lmdb directory, for tests: `lmdb-racer.ts FOLDER race ROUNDS` tries, in each round, to be the
 * first to set `race/ROUND`, and prints the rounds that it won as JSON; `lmdb-racer.ts FOLDER hold DURATION_MS` prints
 * a line, holds the locks of both files for so long without yielding, as a process does that was stopped in the middle
 * of a write, and ends.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'lmdb';
import { systemClock } from '../../journal/base/clock.ts';
import { LmdbDirectory } from '../directory/lmdb-directory.ts';

const [folder = '', mode, number] = process.argv.slice(2);

async function race(rounds: number): Promise<void> {
  const directory = await LmdbDirectory.open(folder, systemClock);
  const won: number[] = [];
  console.log('ready');
  for (let round = 0; round < rounds; round++) {
    while ((await directory.read(`start/${round}`)) === undefined)
      await new Promise((resolve) => setTimeout(resolve, 1));
    if ((await directory.compareAndSwap(`race/${round}`, 0, `child ${round}`)) !== undefined) won.push(round);
  }
  console.log(JSON.stringify(won));
  await directory.close();
}

function hold(durationMs: number): void {
  const files = readdirSync(folder).filter((name) => name.endsWith('.mdb'));
  const held = files.map((name) =>
    open(join(folder, name), name === 'map.mdb' ? { overlappingSync: false } : { noSync: true }),
  );
  const wait = () => {
    console.log('held');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, durationMs);
  };
  const take = held.reduceRight((inner: () => void, file) => () => file.transactionSync(inner), wait);
  take();
}

if (mode === 'race') await race(Number(number));
else hold(Number(number));
