import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { makeFolder } from './folders.ts';

const root = mkdtempSync(join(tmpdir(), 'windhover-folders-'));

test.after(() => rmSync(root, { recursive: true }));

/** The code of what it rejects with. */
async function refusal(path: string): Promise<unknown> {
  try {
    await makeFolder(path);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
  return undefined;
}

test('a folder is made with those above it, and may be there already, as itself or by another name', async () => {
  const path = join(root, 'a/b/c');
  await makeFolder(path);
  assert.ok(statSync(path).isDirectory());
  await makeFolder(path);
  await makeFolder(`${root}/a/b/new/../d/`);
  assert.ok(existsSync(join(root, 'a/b/d')));
  symlinkSync(path, join(root, 'link'));
  await makeFolder(join(root, 'link'));
  await makeFolder('/');
});

test('what can’t be made is told at once', async () => {
  writeFileSync(join(root, 'file'), '');
  assert.is(await refusal(join(root, 'file')), 'EEXIST');
  assert.is(await refusal(join(root, 'file/below')), 'ENOTDIR');
  symlinkSync(join(root, 'nowhere/else'), join(root, 'dangling'));
  assert.is(await refusal(join(root, 'dangling')), 'ENOENT');
  assert.is(await refusal(join(root, 'dangling/below')), 'ENOENT');
  assert.is(await refusal('/proc/nowhere/below'), 'ENOENT');
  assert.is(await refusal(''), 'ENOENT');
});

test.run();
