import type { Command } from 'commander';
import { WindhoverError } from '../../journal/base/errors.ts';
import { diffResults, slowdowns } from '../report/diff.ts';
import { readResult } from '../report/result-file.ts';
import { positiveNumber } from './options.ts';

interface DiffFlags {
  readonly maxSlowdown?: number;
}

/** `diff`: two runs side by side. Exit code 1 beyond `--max-slowdown`, 2 when a file is no result. */
export function addDiffCommand(program: Command): void {
  program
    .command('diff')
    .description('compares two runs that --json wrote: rates, latencies, verdicts, commands')
    .argument('<A.json>', 'the run to compare with')
    .argument('<B.json>', 'the run to judge')
    .option('--max-slowdown <factor>', 'exit 1 when a rate, a p50 or a p99 of B is worse by more', positiveNumber)
    .action((pathA: string, pathB: string, flags: DiffFlags) => runDiff(pathA, pathB, flags));
}

async function runDiff(pathA: string, pathB: string, { maxSlowdown }: DiffFlags): Promise<void> {
  try {
    const a = await readResult(pathA);
    const b = await readResult(pathB);
    console.log(diffResults(a, b));
    const slower = maxSlowdown === undefined ? [] : slowdowns(a, b, maxSlowdown);
    for (const line of slower) console.log(`SLOWER: ${line}`);
    if (slower.length > 0) process.exitCode = 1;
  } catch (error) {
    console.error(`loadtest diff: ${WindhoverError.from(error, 'no comparison').message}`);
    process.exitCode = 2;
  }
}
