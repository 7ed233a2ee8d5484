import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { WindhoverError } from '../base/errors.ts';
import { lockFolder } from './lock-folder.ts';

const root = mkdtempSync(join(tmpdir(), 'windhover-lock-'));
const module = new URL('./lock-folder.ts', import.meta.url).href;

test.after(() => rmSync(root, { recursive: true }));

async function isLocked(path: string): Promise<boolean> {
  try {
    const lock = await lockFolder(path);
    await lock.release();
    return false;
  } catch (error) {
    assert.instance(error, WindhoverError);
    assert.is((error as WindhoverError).code, 'locked');
    return true;
  }
}

test('one owner at a time, by whatever name', async () => {
  const alias = join(root, 'alias');
  symlinkSync(root, alias);
  const lock = await lockFolder(root);
  assert.ok(await isLocked(root));
  assert.ok(await isLocked(alias));
  await lock.release();
  assert.not(await isLocked(root));
});

test('another process is kept out, and killing it frees the folder at once', async () => {
  const script = `import { lockFolder } from ${JSON.stringify(module)};
    await lockFolder(${JSON.stringify(root)}); console.log('locked'); setInterval(() => {}, 1000);`;
  const owner = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(owner.stdout, 'data');
  assert.ok(await isLocked(root));
  owner.kill('SIGKILL');
  await once(owner, 'exit');
  assert.not(await isLocked(root));
});

test('a folder that is missing is an error, not a lock', async () => {
  try {
    await lockFolder(join(root, 'missing'));
    assert.unreachable('it was locked');
  } catch (error) {
    assert.is((error as WindhoverError).code, 'io');
  }
});

test.run();
