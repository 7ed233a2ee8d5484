import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { WindhoverError } from '../../journal/base/errors.ts';
import { readResult } from '../report/result-file.ts';
import type { RunResult } from '../result.ts';
import type { Contender, Work } from './contender.ts';
import { type CpuUse, CpuWatch } from './cpu-watch.ts';
import type { GeneratorJob } from './generator.ts';
import { runToEnd } from './processes.ts';
import { ownProgram } from './this-build.ts';
import { measuredPhase, scenarioOf } from './work.ts';

/** What the load generator found, and what was used meanwhile. */
export interface Driven {
  readonly result: RunResult;
  readonly used: CpuUse;
}

export interface DriveOptions {
  readonly targets: readonly string[];
  readonly serverPids: readonly number[];
  readonly seconds: number;
  readonly folder: string;
  /** What the generator is bound to, as taskset takes it. */
  readonly cpus: string | undefined;
  readonly signal: AbortSignal;
}

/** What the generator is given beyond a work's time: to start, to warm up, to fill, and to wait for the last answers. */
const graceMs = 60_000;

/** Puts a work to a server. Rejects with `unavailable` when nothing came of it in time. */
export async function drive(contender: Contender, work: Work, options: DriveOptions): Promise<Driven> {
  const { targets, serverPids, seconds, folder, cpus, signal } = options;
  const [jobFile, resultFile] = [path.join(folder, 'job.json'), path.join(folder, 'result.json')];
  const job: GeneratorJob = {
    scenario: scenarioOf(contender, work, seconds),
    targets: targets.join(','),
  };
  writeFileSync(jobFile, JSON.stringify(job));
  const watch = new CpuWatch(serverPids);
  const output = await runToEnd(process.execPath, [...ownProgram('loadtest/compare/generator'), jobFile, resultFile], {
    ...{ cpus, signal, timeoutMs: seconds * 1000 + graceMs },
    heard: (text, pid) => {
      if (text.includes(`phase ${measuredPhase}\n`)) watch.begin(pid);
      if (text.includes(`point ${measuredPhase}\n`)) watch.look(pid);
    },
  });
  const used = watch.use();
  if (used === undefined) throw new WindhoverError('unavailable', `the load generator failed: ${output}`);
  return { result: await readResult(resultFile), used };
}
