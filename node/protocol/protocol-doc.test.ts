import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const root = resolve(import.meta.dirname, '../..');
const rule = /\[([a-z]+(?:-[a-z]+)*)\]/g;

function rulesIn(text: string): string[] {
  return [...text.matchAll(rule)].map((match) => match[1] as string);
}

/** Rules are the items of a list that begin with their name. */
const rules = readFileSync(join(root, 'docs/protocol.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('- `['))
  .flatMap((line) => rulesIn(line.slice(0, line.indexOf('`', 3))));

/** The names of tests, where they are literals. */
const testNames = (readdirSync(join(root, 'node'), { recursive: true, encoding: 'utf8' }) as string[])
  .filter((path) => path.endsWith('.test.ts') && !path.endsWith('protocol-doc.test.ts'))
  .flatMap((path) => [...readFileSync(join(root, 'node', path), 'utf8').matchAll(/\btest\(\s*(['"`])(.*?)\1/g)])
  .map((match) => match[2] as string);

test('every rule of docs/protocol.md is named by a test', () => {
  assert.ok(rules.length > 50);
  const named = new Set(testNames.flatMap(rulesIn));
  const untested = rules.filter((name) => !named.has(name));
  assert.equal(untested, []);
});

test('no two rules have the same name', () => {
  assert.equal(rules.length, new Set(rules).size);
});

test('every rule that a test of sessions names is in docs/protocol.md', () => {
  const known = new Set(rules);
  const unknown = testNames.flatMap(rulesIn).filter((name) => !known.has(name));
  assert.equal(unknown, []);
});

test.run();
