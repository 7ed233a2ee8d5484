/** What programs import as `windhover/client` is there once it is built, with its types. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const repository = resolve(import.meta.dirname, '..');
const isBuilt = existsSync(join(repository, 'dist/loadtest/client/index.d.ts'));
if (!isBuilt && process.env['CI']) throw new Error('nothing is built');
if (!isBuilt) console.log('skipped: nothing is built (npm run build)');
const testBuilt = isBuilt ? test : test.skip;

/** A project of somebody else's that depends on this package. */
function project(): string {
  const folder = mkdtempSync(join(tmpdir(), 'windhover-import-'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  execFileSync('mkdir', [join(folder, 'node_modules')]);
  symlinkSync(repository, join(folder, 'node_modules/windhover'));
  symlinkSync(join(repository, 'node_modules/@types'), join(folder, 'node_modules/@types'));
  return folder;
}

testBuilt('it can be imported, with what the document names', () => {
  const folder = project();
  const program = `
    import { Client, ClientError } from 'windhover/client';
    const failed = await Client.connect('127.0.0.1:1').catch((error) => error);
    console.log(failed instanceof ClientError, failed.code);
  `;
  writeFileSync(join(folder, 'main.js'), program);
  assert.is(execFileSync(process.execPath, [join(folder, 'main.js')], { encoding: 'utf8' }), 'true unavailable\n');
  rmSync(folder, { recursive: true });
});

testBuilt('the examples of docs/client.md have the right types', () => {
  const folder = project();
  const document = readFileSync(join(repository, 'docs/client.md'), 'utf8');
  const examples = [...document.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => match[1] as string);
  for (const [index, example] of examples.entries()) writeFileSync(join(folder, `example-${index}.ts`), example);
  writeFileSync(join(folder, 'wrong.ts'), "import { Client } from 'windhover/client';\nvoid Client.connect(7);\n");
  const compilerOptions = {
    ...{ target: 'ES2023', module: 'NodeNext', strict: true, exactOptionalPropertyTypes: true },
    ...{ noEmit: true, types: ['node'] },
  };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
  const tsc = join(repository, 'node_modules/typescript/bin/tsc');
  const { stdout } = spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' });
  const wrong = stdout.split('\n').filter((line) => line.includes('error'));
  assert.is(wrong.length, 1, stdout);
  assert.match(wrong[0] ?? '', /^wrong\.ts.*Argument of type 'number'|wrong\.ts.*TS2345/);
  rmSync(folder, { recursive: true });
});

test.run();
