import { randomInt } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { WindhoverError } from '../../journal/base/errors.ts';
import { parseTargets } from '../client/target.ts';
import { LocalCluster } from '../failover/local-cluster.ts';
import { failoverFailures, formatFailover } from '../failover/report.ts';
import { minPayloadBytes } from '../payload.ts';
import { Progress } from '../progress.ts';
import { failover } from '../scenarios/failover.ts';
import { positiveNumber, wholeNumber } from './options.ts';

interface FailoverFlags {
  readonly seconds: number;
  readonly every: number;
  readonly down: number;
  readonly signal: 'KILL' | 'TERM';
  readonly all: boolean;
  readonly faults: boolean;
  readonly producers: number;
  readonly consumers: number;
  readonly queues: number;
  readonly size: number;
  readonly rate: number;
  readonly seed: number;
  readonly dataDir: string;
  readonly opsDir?: string;
  readonly targets?: string;
  readonly quiet: number;
  readonly drainTimeout: number;
  readonly maxStall?: number;
  readonly maxDuplicates?: number;
  readonly json?: string;
}

/** `failover`: producers and reliable consumers, while nodes are stopped and restarted; then the verdict. */
export function addFailoverCommand(program: Command): void {
  program
    .command('failover')
    .description(
      'stops nodes of a cluster under load, again and again, then drains it and compares: exit code 1 on any loss',
    )
    .option('--data-dir <folder>', 'the cluster, as ops/start-cluster.sh made it', process.env['DATA_DIR'] ?? 'data')
    .option('--ops-dir <folder>', 'where start-cluster.sh is, which restarts nodes (default: beside this program)')
    .option('--targets <host:port,…>', 'servers to talk to (default: all of the cluster)')
    .option('--seconds <seconds>', 'how long items are produced', positiveNumber, 120)
    .option('--every <seconds>', 'from one stop to the next', positiveNumber, 10)
    .option('--down <seconds>', 'how long a stopped node stays down', positiveNumber, 3)
    .addOption(
      new Option('--signal <name>', 'KILL: at once; TERM: it hands over first')
        .choices(['KILL', 'TERM'])
        .default('KILL'),
    )
    .option('--all', 'stop all nodes at once instead of one at random', false)
    .option('--no-faults', 'stop nothing')
    .option('--producers <count>', 'each with one connection and one set in flight', wholeNumber(1), 8)
    .option('--consumers <count>', 'each with one connection and one open read', wholeNumber(1), 8)
    .option('--queues <count>', 'queues that they share', wholeNumber(1), 20)
    .option('--size <bytes>', 'bytes of an item', wholeNumber(minPayloadBytes), 512)
    .option('--rate <per second>', 'sets of all producers together', positiveNumber, 2000)
    .option('--seed <number>', 'decides which nodes are stopped', wholeNumber(0), randomInt(2 ** 31))
    .option('--quiet <seconds>', 'how long all queues have to stay empty at the end', positiveNumber, 3)
    .option('--drain-timeout <seconds>', 'how long it may take until they are', positiveNumber, 60)
    .option('--max-stall <ms>', 'exit code 1 when a set took longer', positiveNumber)
    .option('--max-duplicates <count>', 'exit code 1 when there were more', wholeNumber(0))
    .option('--json <file>', 'write the result there too')
    .action((flags: FailoverFlags) => runFailover(flags));
}

async function runFailover(flags: FailoverFlags): Promise<void> {
  try {
    const cluster =
      flags.faults || flags.targets === undefined ? LocalCluster.open(flags.dataDir, flags.opsDir) : undefined;
    const targets = flags.targets === undefined ? (cluster?.targets ?? []) : parseTargets(flags.targets);
    console.error(`failover: seed ${flags.seed}, ${targets.length} servers`);
    const result = await failover(
      {
        targets,
        cluster: flags.faults ? cluster : undefined,
        seconds: flags.seconds,
        everySeconds: flags.every,
        downSeconds: flags.down,
        signal: flags.signal === 'KILL' ? 'SIGKILL' : 'SIGTERM',
        all: flags.all,
        producers: flags.producers,
        consumers: flags.consumers,
        queues: flags.queues,
        itemBytes: flags.size,
        ratePerSecond: flags.rate,
        waitMs: 500,
        seed: flags.seed,
        run: randomInt(2 ** 32),
        quietSeconds: flags.quiet,
        drainSeconds: flags.drainTimeout,
        giveUpSeconds: 15,
      },
      new Progress(process.stderr),
    );
    const failures = failoverFailures(result, { maxStallMs: flags.maxStall, maxDuplicates: flags.maxDuplicates });
    if (flags.json !== undefined) {
      await writeFile(flags.json, JSON.stringify({ scenario: 'failover', flags, result, failures }, null, 2));
    }
    console.log(formatFailover(result, failures));
    if (failures.length > 0) process.exitCode = 1;
  } catch (error) {
    console.error(`loadtest failover: ${WindhoverError.from(error, 'no run').message}`);
    process.exitCode = 1;
  }
}
