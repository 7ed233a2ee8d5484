/** What README.md and CONTRIBUTING.md tell people to type or to read is there. ops/smoke.sh runs the first steps. */
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const repository = resolve(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(repository, path), 'utf8');
const documents = ['README.md', 'CONTRIBUTING.md'];
const manifest = JSON.parse(read('package.json'));

const matches = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map((match) => match[1] ?? '');

for (const document of documents) {
  const text = read(document);

  test(`${document}: every npm script exists`, () => {
    const named = [...matches(text, /\bnpm run ([\w:]+)/g), ...matches(text, /\bnpm (test)\b/g)];
    assert.ok(named.length > 3);
    for (const script of named) assert.type(manifest.scripts[script], 'string', `npm run ${script}`);
  });

  test(`${document}: every command of the checkout exists and can be run`, () => {
    const named = matches(text, /(?<![\w/.-])((?:ops\/[\w-]+\.sh|\.ci\/run))/g);
    assert.ok(named.length > 0);
    for (const path of named) accessSync(join(repository, path), constants.X_OK);
  });

  test(`${document}: every linked file exists`, () => {
    const linked = matches(text, /\]\((?!https?:)([^)#]+)/g);
    assert.ok(linked.length > 0);
    for (const path of linked) assert.ok(existsSync(join(repository, path)), `${document} links to ${path}`);
  });
}

test('README.md: the Node version is the one that package.json and the scripts want', () => {
  assert.is(manifest.engines.node, `>=${matches(read('README.md'), /Needs Node ([\d.]+) or newer/g)[0]}`);
});

test('README.md: the load test has the scenarios and commands named', async () => {
  const named = matches(read('README.md'), /main\.js loadtest (\w[\w-]*)/g);
  assert.ok(named.length > 0);
  for (const scenario of named) {
    const files = [`loadtest/scenarios/${scenario}.yaml`, `loadtest/commands/${scenario}.ts`];
    assert.ok(
      files.some((file) => existsSync(join(repository, file))),
      scenario,
    );
  }
});

test('README.md: the table of the environment has the defaults of start-cluster.sh', () => {
  const readme = read('README.md');
  const script = read('ops/start-cluster.sh');
  for (const variable of ['DATA_DIR', 'BASE_PORT', 'DIRECTORY', 'REPLICAS']) {
    assert.match(readme, new RegExp(`^\\| \`${variable}\` \\|`, 'm'));
  }
  assert.match(script, /given_base_port:-22133/);
  assert.match(readme, /\| `BASE_PORT` .* \| `22133` \|$/m);
});

test.run();
