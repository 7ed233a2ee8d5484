import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { playTranscript } from './testing/transcript.ts';

/** Takes what happens for what should: look at the difference before you commit it. */
const update = process.argv.includes('--update');
const folder = join(import.meta.dirname, 'testdata');

for (const name of readdirSync(folder).sort()) {
  test(`it happens as told in testdata/${name}`, async () => {
    const path = join(folder, name);
    const told = readFileSync(path, 'utf8');
    const played = await playTranscript(told);
    if (update) writeFileSync(path, played);
    else assert.fixture(played, told);
  });
}

test('a transcript with a command that nobody knows is refused', async () => {
  try {
    await playTranscript('cluster nodes=1\nfly 1\n----\n');
    assert.unreachable();
  } catch (error) {
    assert.match(String(error), 'no such command: fly 1');
  }
});

test.run();
