import { randomInt } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { WindhoverError } from '../../journal/base/errors.ts';
import { minPayloadBytes } from '../payload.ts';
import { Progress } from '../progress.ts';
import { formatLoad } from '../report.ts';
import { type FloodWork, flood } from '../scenarios/flood.ts';
import type { WireFactory } from '../wires/wire.ts';
import { wires } from '../wires/wires.ts';
import { positiveNumber, wholeNumber } from './options.ts';

interface FloodFlags {
  readonly targets: string;
  readonly protocol: string;
  readonly connections: number;
  readonly depth: number;
  readonly size: number;
  readonly queues: number;
  readonly queuePrefix: string;
  readonly seconds: number;
  readonly operations?: number;
  readonly work: FloodWork;
  readonly rate?: number;
  readonly route: 'any' | 'owner';
  readonly verify: boolean;
  readonly json?: string;
}

/** `flood`: as many sets and gets as the server takes, or at a given rate. */
export function addFloodCommand(program: Command): void {
  program
    .command('flood')
    .description('sets and gets as fast as they are answered, or at a rate: rate and latency')
    .option('--targets <host:port,…>', 'servers; connections go to them in turn', '127.0.0.1:22133')
    .addOption(
      new Option('--protocol <name>', 'what the servers speak').choices(Object.keys(wires)).default('memcache'),
    )
    .option('--connections <count>', 'connections, over all servers', wholeNumber(1), 50)
    .option('--depth <count>', 'requests in flight on a connection', wholeNumber(1), 1)
    .option('--size <bytes>', 'bytes of an item', wholeNumber(minPayloadBytes), 1024)
    .option('--queues <count>', 'queues, shared out among the connections', wholeNumber(1), 1)
    .option('--queue-prefix <name>', 'queues are called <name>0, <name>1, …', 'flood')
    .option('--seconds <seconds>', 'how long (each phase)', positiveNumber, 10)
    .option('--operations <count>', 'end earlier, after so many', wholeNumber(1))
    .addOption(
      new Option('--work <kind>', 'set-get sets first, then reads back')
        .choices(['set', 'get', 'mixed', 'set-get'])
        .default('mixed'),
    )
    .option('--rate <per second>', 'begin so many a second, answered or not', positiveNumber)
    .addOption(
      new Option('--route <how>', 'any: every server gets every queue; owner: as a ketama-hashing client does')
        .choices(['any', 'owner'])
        .default('any'),
    )
    .option('--no-verify', "don't check what is read")
    .option('--json <file>', 'write the result there too')
    .action((flags: FloodFlags) => runFlood(flags));
}

async function runFlood(flags: FloodFlags): Promise<void> {
  const { targets, connections, depth, queues, queuePrefix, seconds, work, route, verify } = flags;
  try {
    const results = await flood(
      {
        ...{ targets, connections, depth, queues, queuePrefix, seconds, work, route, verify },
        wire: wires[flags.protocol] as WireFactory,
        itemBytes: flags.size,
        operations: flags.operations ?? Number.POSITIVE_INFINITY,
        ratePerSecond: flags.rate,
        run: randomInt(2 ** 32),
      },
      new Progress(process.stderr),
    );
    if (flags.json !== undefined)
      await writeFile(flags.json, JSON.stringify({ scenario: 'flood', flags, results }, null, 2));
    console.log(formatLoad(results));
    if (results.some((result) => result.errors > 0)) process.exitCode = 1;
  } catch (error) {
    console.error(`loadtest flood: ${WindhoverError.from(error, 'no load').message}`);
    process.exitCode = 1;
  }
}
