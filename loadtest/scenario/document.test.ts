import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { addRunFlags } from '../commands/run-flags.ts';
import { runResult } from '../result.ts';
import { builtInFiles } from './built-in.ts';
import { sections } from './file-schema.ts';
import { ScenarioFile } from './scenario-file.ts';

const text = readFileSync(fileURLToPath(new URL('../../docs/loadtest.md', import.meta.url)), 'utf8');

/** What stands between a heading and the next. */
function section(heading: string): string {
  const start = text.search(new RegExp(`^#+ \`?${heading}\`?$`, 'm'));
  assert.ok(start >= 0, heading);
  const [, body = ''] = text.slice(start).split(/^#+ .*$/m);
  return body;
}

/** The first cells of a section's table, without its head. */
function firstCells(heading: string): string[] {
  const rows = section(heading)
    .split('\n')
    .filter((line) => line.startsWith('| '));
  return rows.slice(1).map((row) => row.split('|')[1]?.trim() ?? '');
}

function codes(cells: readonly string[]): string[] {
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] as string));
}

test('docs/loadtest.md lists the scenarios that there are', () => {
  const names = builtInFiles().map((file) => new ScenarioFile(file).name);
  assert.equal(codes(firstCells('Scenarios')).sort(), names);
});

test('docs/loadtest.md lists the options of every scenario', () => {
  const command = new Command();
  addRunFlags(command);
  assert.equal(
    codes(firstCells('Options of every scenario')),
    command.options.map((option) => option.long),
  );
});

for (const [heading, { shape }] of Object.entries(sections)) {
  test(`docs/loadtest.md has every key of ${heading}`, () => {
    assert.equal(codes(firstCells(heading)), Object.keys(shape));
  });
}

test('docs/loadtest.md explains every count of a verdict', () => {
  const withoutTerm = ['verified', 'uncertainFound', 'failures'];
  const counts = Object.keys(runResult.shape.verdict.shape).filter((key) => !withoutTerm.includes(key));
  assert.equal(firstCells('The verdict').sort(), counts.sort());
});

test('docs/loadtest.md shows a file that is a scenario', () => {
  const example = /```yaml\n([\s\S]*?)```/.exec(section('A scenario of your own'))?.[1] ?? '';
  const folder = mkdtempSync(path.join(os.tmpdir(), 'windhover-scenario-'));
  try {
    const file = path.join(folder, 'mine.yaml');
    writeFileSync(file, example);
    const scenario = new ScenarioFile(file).resolve(new Map([['orders', '5k']]), 1);
    assert.is(scenario.phases[0]?.producers[0]?.items, 5000);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();
