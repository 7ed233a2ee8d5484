import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const root = join(import.meta.dirname, '..');
const document = readFileSync(join(root, 'docs/item-path.md'), 'utf8');

test('every test that docs/item-path.md names is there', () => {
  const named = [...document.matchAll(/`([\w/.-]+\.test)`: "([^"]+)"/g)];
  assert.ok(named.length > 30);
  for (const [, file, title = ''] of named)
    assert.ok(readFileSync(join(root, `${file}.ts`), 'utf8').includes(title), `${file}: ${title}`);
  for (const [, story = ''] of document.matchAll(/`([\w/.-]+\.txt)`/g)) assert.ok(existsSync(join(root, story)), story);
});

test('every function that it names is there', () => {
  const classes = new Map<string, string>();
  for (const folder of ['journal/log', 'journal/store', 'cluster', 'node', 'node/queues']) {
    for (const name of readdirSync(join(root, folder)).filter((each) => /(?<!\.test)\.ts$/.test(each))) {
      const code = readFileSync(join(root, folder, name), 'utf8');
      for (const [, found = ''] of code.matchAll(/^(?:export )?class (\w+)/gm)) classes.set(found, code);
    }
  }
  const named = [...document.matchAll(/`([A-Z]\w+)\.(#?\w+)`/g)];
  assert.ok(named.length > 25);
  for (const [, name = '', member] of named)
    assert.match(classes.get(name) ?? '', new RegExp(`^  (async )?${member}\\(`, 'm'), `${name}.${member}`);
});

test.run();
