import { readFileSync } from 'node:fs';

/** This package's version. `package.json` is one folder up in the sources, two in `dist/`. */
export const version: string =
  ['../package.json', '../../package.json'].map(read).find((found) => found !== undefined) ?? '0.0.0';

function read(path: string): string | undefined {
  try {
    const { name, version } = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as Record<
      string,
      string
    >;
    return name === 'windhover' ? version : undefined;
  } catch {
    return undefined;
  }
}
