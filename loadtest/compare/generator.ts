/**
 * The load generator of a comparison, the same program for every contender: `node generator.js JOB RESULT` runs the
 * scenario in the file JOB and writes its result to RESULT. On standard output it says when a phase begins and when a
 * point of the time line is taken, so that whoever started it can look at the servers at that moment.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseTargets } from '../client/target.ts';
import { runScenario } from '../engine/run.ts';
import type { Scenario } from '../scenario/scenario.ts';

/** What JOB holds, as JSON. */
export interface GeneratorJob {
  readonly scenario: Scenario;
  readonly targets: string;
}

const [jobFile, resultFile] = process.argv.slice(2) as [string, string];
const { scenario, targets } = JSON.parse(readFileSync(jobFile, 'utf8')) as GeneratorJob;
const result = await runScenario(
  scenario,
  {
    ...{ targets: parseTargets(targets), workers: 1, seed: 1, run: process.pid },
    ...{ verify: false, cluster: undefined, command: process.argv.slice(1) },
  },
  {
    phase: (name) => process.stdout.write(`phase ${name}\n`),
    point: ({ phase }) => process.stdout.write(`point ${phase}\n`),
    event: () => undefined,
  },
);
writeFileSync(resultFile, JSON.stringify(result));
