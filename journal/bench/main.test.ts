import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

test('a part that there is not is refused by naming those that there are', () => {
  const main = join(import.meta.dirname, 'main.ts');
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', main, '--only', 'apend'], {
    encoding: 'utf8',
  });
  assert.is(status, 2);
  assert.is(stdout, '');
  assert.match(stderr, /^--only apend: there are append, .*backlog\n$/);
});

test.run();
