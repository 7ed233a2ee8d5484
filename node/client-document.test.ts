/** Every example of docs/client.md, run as it stands against a node; what it prints is what its comments say. */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cleanUp, NodeProcess, temporaryFolder } from './testing/node-process.ts';

const repository = resolve(import.meta.dirname, '..');
const folder = temporaryFolder();
const source = pathToFileURL(join(repository, 'loadtest/client/index.ts')).href;
const document = readFileSync(join(repository, 'docs/client.md'), 'utf8');
const examples = [...document.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => match[1] as string);

let node: NodeProcess;

test.before(async () => {
  node = await NodeProcess.start({ data: join(folder, 'node'), directory: `lmdb:${join(folder, 'directory')}` });
  await node.ready();
});

test.after(cleanUp);

test('there are examples', () => {
  assert.ok(examples.length >= 5, `${examples.length}`);
});

for (const [index, example] of examples.entries()) {
  const [title = ''] = example
    .split('\n')
    .filter((line) => line.includes('await client.') || line.includes('for await'));
  test(`example ${index + 1}: ${title.trim()}`, async () => {
    const file = join(folder, `example-${index}.mts`);
    const program = example.replace("'windhover/client'", `'${source}'`).replaceAll('127.0.0.1:22133', node.label);
    writeFileSync(file, program);
    const { code, out, errors } = await run(file);
    assert.is(code, 0, errors);
    const said = [...example.matchAll(/^\s*console\.log\(.*\); \/\/ (.*)$/gm)].map((match) => `${match[1]}\n`);
    assert.ok(said.length > 0, 'the example shows nothing');
    assert.is(out, said.join(''));
  });
}

test('its table of errors has every code, its table of options every option', () => {
  const { code, options } = {
    code: readFileSync(join(repository, 'loadtest/client/errors.ts'), 'utf8'),
    options: readFileSync(join(repository, 'loadtest/client/client.ts'), 'utf8'),
  };
  const codes = [...code.matchAll(/^ {2}\| '([\w-]+)'/gm)].map((match) => match[1] as string);
  const [body = ''] = /export interface ClientOptions \{.*?^\}/ms.exec(options) ?? [];
  const names = [...body.matchAll(/^ {2}readonly (\w+)\?:/gm)].map((match) => match[1] as string);
  assert.ok(codes.length > 8 && names.length > 7);
  for (const name of [...codes, ...names]) assert.match(document, `\n| \`${name}\` |`);
});

/** Runs a program to its end, at most 20 s. */
async function run(file: string): Promise<{ code: number | null; out: string; errors: string }> {
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), file], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 20_000,
  });
  let out = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const code = await new Promise<number | null>((done, failed) => child.once('error', failed).once('close', done));
  return { code, out, errors };
}

test.run();
