import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** `.js` in dist/, `.ts` in the sources, which need the loader that this process was started with. */
const extension = path.extname(import.meta.url);
const root = fileURLToPath(new URL('../..', import.meta.url));

/** Node's words for running a file of the same build as this one: `node/main`, without its ending. */
export function ownProgram(file: string): string[] {
  const loader = extension === '.ts' ? process.execArgv : [];
  return [...loader, path.join(root, `${file}${extension}`)];
}

/** The package's version; package.json is beside the sources, or above dist/. */
export function ownVersion(): string {
  const folder = extension === '.ts' ? root : path.join(root, '..');
  return (JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { version: string }).version;
}
