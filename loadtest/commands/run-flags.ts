import { randomInt } from 'node:crypto';
import os from 'node:os';
import { type Command, Option } from 'commander';
import { WindhoverError } from '../../journal/base/errors.ts';
import { countFromOne, someTime } from '../../journal/base/quantities.ts';
import type { Target } from '../client/target.ts';
import { LocalCluster, localTargets } from '../engine/local-cluster.ts';
import type { ClusterFolders, RunOptions } from '../scenario/run-options.ts';
import { type ProtocolName, protocolNames, type Scenario } from '../scenario/scenario.ts';
import { addressList, quantityFlag, wholeNumber } from './options.ts';

/** What every scenario can be told, as commander gives it. */
export interface RunFlags {
  readonly targets?: readonly Target[];
  readonly protocol?: ProtocolName;
  readonly route?: Scenario['route'];
  readonly queuePrefix?: string;
  readonly workers: number;
  readonly seed?: number;
  readonly dataDir?: string;
  readonly opsDir?: string;
  readonly faults: boolean;
  readonly verify: boolean;
  readonly drain: boolean;
  readonly drainTimeout?: number;
  readonly maxStall?: number;
  readonly maxDuplicated?: number;
  readonly maxErrors?: number;
  readonly json?: string;
  readonly report?: string;
}

const defaultBasePort = 22_133;
const defaultDataFolder = 'data';

/** Adds the options that every scenario has to its command. */
export function addRunFlags(command: Command): void {
  const anyCount = wholeNumber(0);
  const time = quantityFlag(someTime);
  command
    .optionsGroup('Options of every scenario:')
    .option('--targets <host:port,…>', `servers (default: 127.0.0.1:${defaultBasePort}, or the cluster)`, addressList)
    .addOption(
      new Option('--protocol <name>', "what the servers are spoken to in (default: the scenario's)").choices(
        protocolNames,
      ),
    )
    .addOption(
      new Option('--route <how>', 'any: every server gets every queue; owner: as a ketama-hashing client does').choices(
        ['any', 'owner'],
      ),
    )
    .option(
      '--queue-prefix <name>',
      'queues are called <name>0, <name>1, …; they are deleted first and last (default: names of their own in each run)',
    )
    .option('--workers <count>', 'processes that share the connections', quantityFlag(countFromOne), defaultWorkers())
    .option('--seed <number>', 'decides sizes and which nodes are stopped (default: another one each time)', anyCount)
    .option('--data-dir <folder>', 'the cluster that ops/start-cluster.sh made (default: $DATA_DIR or data)')
    .option('--ops-dir <folder>', 'where start-cluster.sh is, which restarts nodes (default: beside this program)')
    .option('--no-faults', 'do nothing to nodes')
    .option('--no-verify', "don't compare what was acknowledged with what was delivered")
    .option('--no-drain', 'leave in the queues what the scenario leaves there')
    .option('--drain-timeout <time>', 'how long the queues may take to be empty at the end', time)
    .option('--max-stall <time>', 'exit code 1 when an operation took longer', time)
    .option('--max-duplicated <count>', 'exit code 1 when more items were delivered again', anyCount)
    .option('--max-errors <count>', 'exit code 1 when there were more errors', anyCount)
    .option('--json <file>', 'write the result there')
    .option('--report <file>', 'write the result there as an HTML page');
}

/** The scenario with what the flags change of it. */
export function adjustScenario(scenario: Scenario, flags: RunFlags): Scenario {
  const { demands, drain } = scenario;
  const timeoutMs = flags.drainTimeout ?? drain?.timeoutMs;
  return {
    ...scenario,
    protocol: flags.protocol ?? scenario.protocol,
    route: flags.route ?? scenario.route,
    queues: { ...scenario.queues, prefix: flags.queuePrefix ?? scenario.queues.prefix },
    demands: {
      ...demands,
      stallMs: flags.maxStall ?? demands.stallMs,
      duplicated: flags.maxDuplicated ?? demands.duplicated,
      errors: flags.maxErrors ?? demands.errors,
    },
    drain: flags.drain && drain !== undefined && timeoutMs !== undefined ? { ...drain, timeoutMs } : undefined,
    phases: flags.faults ? scenario.phases : scenario.phases.map((phase) => ({ ...phase, faults: [] })),
  };
}

/** Where and how the scenario is run, as number `run`. Throws `invalid` when it needs a local cluster and there is none. */
export function runOptionsOf(scenario: Scenario, flags: RunFlags, run: number, command: readonly string[]): RunOptions {
  const hasFaults = scenario.phases.some((phase) => phase.faults.length > 0);
  const folders = hasFaults || flags.dataDir !== undefined ? clusterFolders(flags) : undefined;
  const cluster = folders && LocalCluster.open(folders);
  if (hasFaults && cluster !== undefined) checkFaultNodes(scenario, cluster.nodes.length);
  return {
    targets:
      flags.targets ?? localTargets(cluster?.basePort ?? defaultBasePort, cluster?.nodes ?? [1], scenario.protocol),
    workers: flags.workers,
    seed: flags.seed ?? randomInt(2 ** 31),
    run,
    verify: flags.verify,
    cluster: hasFaults ? folders : undefined,
    command,
  };
}

function clusterFolders(flags: RunFlags): ClusterFolders {
  const dataFolder = flags.dataDir ?? process.env['DATA_DIR'] ?? defaultDataFolder;
  return { dataFolder, opsFolder: flags.opsDir };
}

function checkFaultNodes(scenario: Scenario, nodes: number): void {
  for (const { node } of scenario.phases.flatMap((phase) => phase.faults)) {
    if (typeof node === 'number' && node > nodes) {
      throw new WindhoverError('invalid', `there is no node ${node}: the cluster has ${nodes}`);
    }
  }
}

function defaultWorkers(): number {
  return Math.min(4, Math.max(1, Math.floor(os.availableParallelism() / 2)));
}
