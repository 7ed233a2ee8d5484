import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { WindhoverError } from '../../journal/base/errors.ts';
import { type RunResult, resultFormat, resultVersion, runResult } from '../result.ts';

const header = z.object({ format: z.literal(resultFormat), version: z.number() });

/**
 * Reads what `--json` wrote. Errors: `io`, the file can't be read; `incompatible`, a newer version wrote it; `invalid`,
 * it is not a result, with the first thing that is wrong in it.
 */
export async function readResult(path: string): Promise<RunResult> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw WindhoverError.from(error, `can't read ${path}`);
  }
  return parseResult(text, path);
}

/** `name` is what error messages call the text. Throws as `readResult` does. */
export function parseResult(text: string, name: string): RunResult {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new WindhoverError('invalid', `${name} is not JSON: ${(error as Error).message}`, { cause: error });
  }
  const known = header.safeParse(value);
  if (!known.success) throw new WindhoverError('invalid', `${name} is not the result of a windhover loadtest`);
  if (known.data.version !== resultVersion) {
    const versions = `version ${known.data.version}, this program reads version ${resultVersion}`;
    throw new WindhoverError('incompatible', `${name} is a result of ${versions}`);
  }
  const result = runResult.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = issue === undefined ? '' : `: ${issue.path.join('.')}: ${issue.message}`;
  throw new WindhoverError('invalid', `${name} is a damaged result${where}`);
}
