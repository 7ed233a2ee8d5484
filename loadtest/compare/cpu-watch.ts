import { existsSync, readFileSync } from 'node:fs';
import { cpuSeconds, ticksPerSecond } from './processes.ts';
import { sum } from './sample.ts';

/** CPU time used between two looks, in seconds. */
export interface CpuUse {
  readonly seconds: number;
  /** Of each server process. */
  readonly servers: readonly number[];
  readonly generator: number;
  /** By whatever else runs on this machine, the kernel's interrupts apart. */
  readonly others: number;
}

interface Look {
  readonly atMs: number;
  readonly servers: readonly number[];
  readonly generator: number;
  readonly machine: number;
}

/** Watches what servers, generator and all the rest use of the machine's cores while something is measured. */
export class CpuWatch {
  readonly #servers: readonly number[];
  #first: Look | undefined;
  #last: Look | undefined;

  constructor(servers: readonly number[]) {
    this.#servers = servers;
  }

  /** Looks for the first time, now that the measured time begins. `generator`: its process. */
  begin(generator: number): void {
    this.#first = this.#look(generator);
    this.#last = undefined;
  }

  /** Looks again; the last time counts. */
  look(generator: number): void {
    if (this.#first !== undefined) this.#last = this.#look(generator);
  }

  /** Undefined when there were no two looks, or a process was gone by then. */
  use(): CpuUse | undefined {
    const [first, last] = [this.#first, this.#last];
    if (first === undefined || last === undefined) return undefined;
    const servers = last.servers.map((used, index) => used - (first.servers[index] as number));
    const generator = last.generator - first.generator;
    const others = last.machine - first.machine - sum(servers) - generator;
    return { seconds: (last.atMs - first.atMs) / 1000, servers, generator, others: Math.max(0, others) };
  }

  #look(generator: number): Look | undefined {
    try {
      return {
        atMs: performance.now(),
        servers: cpuSeconds(this.#servers),
        generator: sum(cpuSeconds([generator, ...childrenOf(generator)])),
        machine: machineSeconds(),
      };
    } catch {
      return undefined;
    }
  }
}

/** Its workers; none where the kernel doesn't tell. */
function childrenOf(pid: number): number[] {
  const file = `/proc/${pid}/task/${pid}/children`;
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split(' ').filter(Boolean).map(Number) : [];
}

/** User, nice and system time of all cores since the machine started. */
function machineSeconds(): number {
  const [, user, nice, system] = readFileSync('/proc/stat', 'utf8').split(/\s+/, 4).map(Number) as [
    unknown,
    number,
    number,
    number,
  ];
  return (user + nice + system) / ticksPerSecond;
}
