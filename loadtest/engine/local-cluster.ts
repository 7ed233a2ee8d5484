import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { WindhoverError } from '../../journal/base/errors.ts';
import type { Target } from '../client/target.ts';
import type { ClusterFolders } from '../scenario/run-options.ts';
import type { ProtocolName } from '../scenario/scenario.ts';

const pollMs = 20;
/** A node that was told to drain is given so long to end; one that was killed is gone at once. */
const goneTimeoutMs = 20_000;

/** Where ops/start-cluster.sh has nodes listen in a protocol, beyond the base port. */
const portOffsets: Partial<Record<ProtocolName, number>> = { text: 3000, thrift: 4000 };

/** Where nodes of a cluster on this machine are spoken to in a protocol. */
export function localTargets(basePort: number, nodes: readonly number[], protocol: ProtocolName): Target[] {
  const firstPort = basePort + (portOffsets[protocol] ?? 0);
  return nodes.map((node) => ({ host: '127.0.0.1', port: firstPort + node - 1 }));
}

/** A cluster that ops/start-cluster.sh started on this machine. Nodes are numbered from 1. */
export class LocalCluster {
  readonly dataFolder: string;
  readonly nodes: readonly number[];
  readonly basePort: number;
  readonly #opsFolder: string;

  private constructor(dataFolder: string, opsFolder: string, nodeCount: number, basePort: number) {
    this.dataFolder = dataFolder;
    this.#opsFolder = opsFolder;
    this.nodes = Array.from({ length: nodeCount }, (_, index) => index + 1);
    this.basePort = basePort;
  }

  /** Reads `cluster.env` in the folder. Throws `invalid` when there is no cluster, or no scripts to restart it with. */
  static open({ dataFolder, opsFolder }: ClusterFolders): LocalCluster {
    const folder = path.resolve(dataFolder);
    const ops = opsFolder === undefined ? findOps() : path.resolve(opsFolder);
    if (!existsSync(path.join(ops, 'start-cluster.sh'))) {
      throw new WindhoverError('invalid', `there is no start-cluster.sh in ${ops} (set --ops-dir)`);
    }
    const file = path.join(folder, 'cluster.env');
    if (!existsSync(file)) {
      throw new WindhoverError('invalid', `there is no cluster in ${folder}: ops/start-cluster.sh 3 starts one`);
    }
    const settings = parseSettings(readFileSync(file, 'utf8'));
    const nodeCount = Number(settings.get('NODES'));
    const basePort = Number(settings.get('BASE_PORT'));
    if (!(nodeCount >= 1 && basePort >= 1)) throw new WindhoverError('invalid', `${file} lacks NODES or BASE_PORT`);
    return new LocalCluster(folder, ops, nodeCount, basePort);
  }

  /** The node's process, or undefined when it isn't running. */
  runningPid(node: number): number | undefined {
    const folder = path.join(this.dataFolder, `node-${node}`);
    const pid = Number(readIfThere(path.join(folder, 'pid')));
    // The number may by now be another program's: only a process that runs on this very folder is signalled.
    return pid > 0 && commandLine(pid).includes(folder) ? pid : undefined;
  }

  /** Signals those of the nodes that are running, all at the same moment; gives their processes. */
  signal(nodes: readonly number[], signal: NodeJS.Signals): number[] {
    const pids = nodes.map((node) => this.runningPid(node)).filter((pid) => pid !== undefined);
    for (const pid of pids) process.kill(pid, signal);
    return pids;
  }

  /** Signals the nodes and resolves when their processes are gone. */
  async stop(nodes: readonly number[], signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const pids = this.signal(nodes, signal);
    const untilMs = performance.now() + goneTimeoutMs;
    while (pids.some((pid) => commandLine(pid) !== '')) {
      if (performance.now() > untilMs) {
        throw new WindhoverError(
          'unavailable',
          `node ${nodes.join(', ')} is still there ${goneTimeoutMs / 1000} s after ${signal}`,
        );
      }
      await sleep(pollMs);
    }
  }

  /** Starts the nodes that are down; resolves when all are ready, rejects with what the script said when not. */
  async startStopped(): Promise<void> {
    const script = path.join(this.#opsFolder, 'start-cluster.sh');
    const child = spawn(script, [String(this.nodes.length)], {
      env: { ...process.env, DATA_DIR: this.dataFolder },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    const listen = (text: Buffer): void => {
      said = (said + text.toString()).slice(-2000);
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (code !== 0) throw new WindhoverError('unavailable', `start-cluster.sh failed: ${said.trim()}`);
  }
}

/** The checkout's ops folder, whether this runs from the sources or from dist. */
function findOps(): string {
  let folder = path.dirname(fileURLToPath(import.meta.url));
  while (!existsSync(path.join(folder, 'ops', 'start-cluster.sh')) && folder !== path.dirname(folder)) {
    folder = path.dirname(folder);
  }
  return path.join(folder, 'ops');
}

/** `KEY=value` lines; anything else is passed over. */
function parseSettings(text: string): Map<string, string> {
  const lines = text.split('\n').map((line) => /^([A-Z_]+)=(.*)$/.exec(line.trim()));
  return new Map(lines.filter((match) => match !== null).map((match) => [match[1] as string, match[2] as string]));
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** Empty for a process that is gone, or has ended and was not collected yet. */
function commandLine(pid: number): string {
  return readIfThere(`/proc/${pid}/cmdline`);
}
