import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../scenarios', import.meta.url));

/** The files of the scenarios that come with Windhover, in the order of their names. */
export function builtInFiles(): string[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  return names.sort().map((name) => path.join(folder, name));
}
