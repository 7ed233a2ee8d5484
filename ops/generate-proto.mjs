/**
 * Makes proto/gen/NAME.js and NAME.d.ts from every proto/NAME.proto (`npm run proto`). With --check it changes nothing
 * and fails when what is there is not what would be made.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const generated = join(root, 'proto/gen');
const pbjs = join(root, 'node_modules/protobufjs-cli/bin/pbjs');
const without = ['verify', 'convert', 'delimited', 'typeurl', 'service'].map((part) => `--no-${part}`);

/** Generates into `folder`; gives the names of the files made. */
function generate(folder) {
  const names = readdirSync(join(root, 'proto'))
    .filter((file) => file.endsWith('.proto'))
    .map((file) => basename(file, '.proto'));
  for (const name of names) {
    const common = ['-t', 'static-module', '-w', 'esm', '-r', `windhover-${name}`, ...without];
    const run = (...options) =>
      execFileSync(process.execPath, [pbjs, ...common, ...options, join(root, `proto/${name}.proto`)], { cwd: root });
    // The types need the comments, the code does not: it would be twice as long.
    run('--dts', '-o', join(folder, `${name}.js`));
    run('--no-comments', '-o', join(folder, `${name}.js`));
  }
  return names.flatMap((name) => [`${name}.js`, `${name}.d.ts`]);
}

function check() {
  const fresh = mkdtempSync(join(tmpdir(), 'windhover-proto-'));
  try {
    const stale = generate(fresh).filter((file) => read(join(fresh, file)) !== read(join(generated, file)));
    if (stale.length === 0) return;
    console.error(`proto/gen: ${stale.join(', ')} differ from what the .proto files say; run: npm run proto`);
    process.exitCode = 1;
  } finally {
    rmSync(fresh, { recursive: true });
  }
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

if (process.argv[2] === '--check') {
  check();
} else {
  mkdirSync(generated, { recursive: true });
  generate(generated);
}
