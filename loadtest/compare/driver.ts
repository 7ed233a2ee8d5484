import { readFileSync } from 'node:fs';
import path from 'node:path';
import { WindhoverError } from '../../journal/base/errors.ts';
import { type Contender, protocolOf, queueCount, queuePrefix, type Work } from './contender.ts';
import { runToEnd } from './processes.ts';
import { ownProgram } from './this-build.ts';

/** What the load generator found. */
export interface Driven {
  readonly seconds: number;
  /** Operations that did what they should. */
  readonly operations: number;
  readonly latency: { readonly p50Ms: number; readonly p99Ms: number; readonly p999Ms: number };
  readonly misses: number;
  readonly errors: number;
  readonly errorTexts: readonly string[];
  readonly generatorCpuSeconds: number;
}

export interface DriveOptions {
  readonly targets: readonly string[];
  readonly seconds: number;
  /** Ends it earlier; undefined: only time does. */
  readonly operations: number | undefined;
  readonly folder: string;
  /** What the generator is bound to, as taskset takes it. */
  readonly cpus: string | undefined;
  readonly signal: AbortSignal;
}

/** What the generator is given beyond a work's time: to start, to connect, and to wait for the last answers. */
const graceMs = 20_000;

interface Latencies {
  readonly operations: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
}

interface FloodResult {
  readonly seconds: number;
  readonly set: Latencies;
  readonly get: Latencies;
  readonly misses: number;
  readonly errors: number;
  readonly errorSamples: readonly { readonly text: string }[];
  readonly generatorCpuSeconds: number;
}

/** The load generator's words for a work, but for where it goes and how long. */
export function workWords(contender: Contender, work: Work): string[] {
  const route = contender.kind === 'windhover' ? contender.route : 'any';
  // The echo server counts bytes: every request must be as long as the next.
  const queues = contender.kind === 'echo' ? 1 : queueCount;
  return [
    ...['flood', '--protocol', protocolOf(contender), '--work', work.kind, '--connections', String(work.connections)],
    ...['--depth', String(work.depth), '--size', String(work.itemBytes), '--queues', String(queues)],
    ...['--queue-prefix', queuePrefix(contender), '--route', route, '--no-verify'],
  ];
}

/**
 * Puts a work to a server: a process of its own, the same program for every contender. Rejects with `unavailable` when
 * it says nothing in time.
 */
export async function drive(contender: Contender, work: Work, options: DriveOptions): Promise<Driven> {
  const file = path.join(options.folder, 'generator.json');
  const words = [
    ...[...ownProgram('loadtest/main'), ...workWords(contender, work)],
    ...['--targets', options.targets.join(','), '--seconds', String(options.seconds), '--json', file],
    ...(options.operations === undefined ? [] : ['--operations', String(options.operations)]),
  ];
  const timeoutMs = options.seconds * 1000 + graceMs;
  const output = await runToEnd(process.execPath, words, { ...options, timeoutMs });
  return drivenOf(readResult(file, output), work);
}

function readResult(file: string, output: string): FloodResult {
  try {
    const { results } = JSON.parse(readFileSync(file, 'utf8')) as { results: [FloodResult] };
    return results[0];
  } catch (error) {
    throw new WindhoverError('unavailable', `the load generator failed: ${output}`, { cause: error });
  }
}

function drivenOf(result: FloodResult, work: Work): Driven {
  return {
    seconds: result.seconds,
    operations: result.set.operations + result.get.operations,
    latency: work.kind === 'set' ? result.set : result.get,
    misses: result.misses,
    errors: result.errors,
    errorTexts: result.errorSamples.map(({ text }) => text),
    generatorCpuSeconds: result.generatorCpuSeconds,
  };
}
