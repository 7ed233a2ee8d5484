import { execFileSync } from 'node:child_process';
import { readFileSync, statfsSync } from 'node:fs';
import os from 'node:os';
import { peerPrograms } from './contender.ts';
import { findProgram } from './processes.ts';
import { ownVersion } from './this-build.ts';

/** What figures were taken on. */
export interface Machine {
  readonly cpus: number;
  readonly cpuModel: string;
  readonly memoryGiB: number;
  readonly kernel: string;
  /** Of the disk that the servers keep their data on. */
  readonly fileSystem: string;
  /** Program and version: Windhover, Node and the peers that are installed. */
  readonly versions: readonly string[];
}

/** Cores for the generator and for the servers, as taskset takes them. */
export interface CpuSplit {
  readonly generator: string;
  readonly servers: string;
}

const versionTimeoutMs = 5000;
/** Magic numbers of statfs(2); in memory, nothing is ever synced. */
const fileSystems: Readonly<Record<number, string>> = {
  61267: 'ext4',
  16914836: 'tmpfs (in memory: synced figures mean nothing)',
  1481003842: 'xfs',
  2435016766: 'btrfs',
  2035054128: 'overlayfs',
  801189825: 'zfs',
};

/** `folder` is on the disk that is to be described. */
export function describeMachine(folder: string): Machine {
  const cpus = os.cpus();
  const { type } = statfsSync(folder);
  return {
    cpus: cpus.length,
    cpuModel: cpus[0]?.model.trim() ?? 'unknown',
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    kernel: `${os.type()} ${os.release()}`,
    fileSystem: fileSystems[type] ?? `file system 0x${type.toString(16)}`,
    versions: [`Windhover ${ownVersion()}`, `Node ${process.versions.node}`, ...peerPrograms.flatMap(versionOf)],
  };
}

function versionOf(program: string): string[] {
  const file = findProgram(program);
  if (file === undefined) return [];
  const flag = program === 'beanstalkd' ? '-v' : '--version';
  try {
    const said = execFileSync(file, [flag], { encoding: 'utf8', timeout: versionTimeoutMs });
    return [`${program} ${/\d+(\.\d+)+/.exec(said)?.[0] ?? '?'}`];
  } catch {
    return [`${program} ?`];
  }
}

/** The first core that this process may use for the generator, all others for servers; undefined where that can't be. */
export function splitCpus(): CpuSplit | undefined {
  const allowed = /^Cpus_allowed_list:\s+(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
  const [first, ...others] = parseCpuList(allowed);
  if (first === undefined || others.length === 0 || findProgram('taskset') === undefined) return undefined;
  return { generator: String(first), servers: others.join(',') };
}

/** `0-2,8` is 0, 1, 2 and 8. */
export function parseCpuList(text: string): number[] {
  return text.split(',').flatMap((part) => {
    const [from, to = from] = part.split('-').map(Number);
    if (from === undefined || to === undefined || part === '') return [];
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
}
