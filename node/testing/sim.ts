import { Command, InvalidArgumentError } from 'commander';
import { badDiskFaults, type Fault, faults, plannedFaults, unsyncedFaults } from './sim-faults.ts';
import { type SimulationResult, simulate } from './simulation.ts';

interface Flags {
  readonly seeds: number;
  readonly from: number;
  readonly seconds: number;
  readonly replayEvery: number;
  readonly planned: boolean;
  readonly unsynced: boolean;
  readonly badDisk: boolean;
  readonly lines: number;
}

const program = new Command('sim')
  .description('simulated clusters under faults: each seed is one run, and prints nothing unless it fails')
  .option('--seeds <n>', 'how many', whole, 20)
  .option('--from <seed>', 'the first one', whole, 1)
  .option('--seconds <n>', 'simulated time under faults', whole, 15)
  .option('--replay-every <n>', 'every so many seeds are run twice, and the traces compared', whole, 10)
  .option('--lines <n>', 'how much of a failing trace is printed', whole, 400)
  .option('--planned', 'only planned handovers: then nothing may come twice either', false)
  .option('--unsynced', 'journals that are never synced, and the faults that they must get over', false)
  .option('--bad-disk', 'one disk that goes bad in every way, bits that flip among them', false);

function whole(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('must be a whole number');
  return Number(text);
}

function faultsOf(seed: number, { planned, unsynced, badDisk }: Flags): readonly Fault[] {
  if (planned) return plannedFaults;
  if (badDisk) return badDiskFaults(seed);
  return unsynced ? unsyncedFaults : faults;
}

function run(seed: number, flags: Flags): Promise<SimulationResult> {
  return simulate({
    seed,
    durationMs: flags.seconds * 1000,
    faults: faultsOf(seed, flags),
    syncJournal: flags.unsynced ? 'never' : 'always',
    setAsideDamaged: flags.badDisk,
    keptLines: flags.lines,
  });
}

/** What is wrong with a result, its repetition included. */
async function verdict(result: SimulationResult, flags: Flags): Promise<string[]> {
  const failures = [...result.failures];
  if (flags.planned && result.duplicated > 0) failures.push(`${result.duplicated} came twice without a fault`);
  if (flags.planned && result.misplaced > 0) failures.push(`${result.misplaced} came out of order without a fault`);
  if (result.seed % flags.replayEvery === 0 || failures.length > 0) {
    const again = await run(result.seed, flags);
    if (again.digest !== result.digest)
      failures.push(`it is not deterministic: ${result.digest}, then ${again.digest}`);
  }
  return failures;
}

const flags = program.parse().opts<Flags>();
let acknowledged = 0;
let seed = flags.from;
// An assertion that fails in a node's own time ends the process, as it would end the node.
process.on('uncaughtException', (error) => {
  console.log(`\nseed ${seed} fails: ${error.stack}`);
  process.exit(1);
});
for (; seed < flags.from + flags.seeds; seed++) {
  const result = await run(seed, flags);
  const failures = await verdict(result, flags);
  acknowledged += result.acknowledged;
  if (process.stdout.isTTY) process.stdout.write(`\rseed ${seed}: ${acknowledged} items acknowledged so far `);
  if (failures.length > 0) {
    console.log(`\n${result.trace.join('\n')}\n\nseed ${seed} fails: ${failures.join('; ')}`);
    process.exit(1);
  }
}
console.log(`\n${flags.seeds} seeds from ${flags.from} pass: ${acknowledged} items acknowledged, none lost`);
process.exit(0);
