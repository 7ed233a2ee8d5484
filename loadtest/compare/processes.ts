import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { WindhoverError } from '../../journal/base/errors.ts';
import { killGroup, noteProcess } from './leftovers.ts';

/** Clock ticks a second in /proc/PID/stat: 100 on every Linux that Node runs on. */
export const ticksPerSecond = 100;
const goneTimeoutMs = 10_000;
const maxOutputCharacters = 4000;

/** A process that this one started. */
export interface OwnProcess {
  readonly pid: number;
  /** The end of what it wrote, for when it doesn't work. */
  output(): string;
  hasEnded(): boolean;
  /** Resolves once it has ended by itself, or could not be started; what it had started is ended then, too. */
  readonly ended: Promise<void>;
  /** Ends it at once: whatever it kept is thrown away anyway. Resolves when it is gone, or 10 s later. */
  stop(): Promise<void>;
}

/**
 * Starts a process; it has to be stopped. `cpus` (as taskset takes them) binds it to these. It leads a process group of
 * its own, so that Ctrl-C reaches this process alone, which then ends what it started. `heard` is given what it writes
 * to its standard output, as it comes.
 */
export function startProcess(
  command: string,
  words: readonly string[],
  cpus: string | undefined,
  heard: (text: string, pid: number) => void = () => undefined,
): OwnProcess {
  const [file, ...rest] = cpus === undefined ? [command, ...words] : ['taskset', '-c', cpus, command, ...words];
  const child = spawn(file as string, rest, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  noteProcess(child);
  let said = '';
  let hasEnded = false;
  const listen = (text: Buffer): void => {
    said = (said + text.toString()).slice(-maxOutputCharacters);
  };
  child.stdout.on('data', (text: Buffer) => {
    listen(text);
    heard(text.toString(), child.pid ?? 0);
  });
  child.stderr.on('data', listen);
  const end = (): void => {
    hasEnded = true;
    killGroup(child);
  };
  child.once('error', (error) => {
    listen(Buffer.from(error.message));
    end();
  });
  child.once('exit', end);
  // What it wrote last is heard by then.
  const ended = new Promise<void>((resolve) => child.once('close', resolve));
  return {
    pid: child.pid ?? 0,
    output: () => said.trim(),
    hasEnded: () => hasEnded,
    ended,
    stop: async () => {
      killGroup(child);
      await isInTime(ended, goneTimeoutMs);
    },
  };
}

export interface RunToEndOptions {
  readonly cpus: string | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly heard?: (text: string, pid: number) => void;
}

/**
 * Runs a program to its end and gives the end of what it wrote. Rejects with `unavailable` when it takes longer than
 * `timeoutMs`, and when `signal` says so; nothing is left running then.
 */
export async function runToEnd(command: string, words: readonly string[], options: RunToEndOptions): Promise<string> {
  const child = startProcess(command, words, options.cpus, options.heard);
  try {
    if (await isInTime(child.ended, options.timeoutMs, options.signal)) return child.output();
    throw new WindhoverError('unavailable', `not done after ${options.timeoutMs / 1000} s: ${child.output()}`);
  } finally {
    await child.stop();
  }
}

async function isInTime(promise: Promise<void>, timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
  const decided = new AbortController();
  const signals = signal === undefined ? [decided.signal] : [decided.signal, signal];
  const late = sleep(timeoutMs, false, { signal: AbortSignal.any(signals) });
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    late.catch(() => undefined);
    decided.abort();
  }
}

/** User and system CPU time that each has used so far, all threads included. Throws when one has ended. */
export function cpuSeconds(pids: readonly number[]): number[] {
  return pids.map((pid) => {
    // The second field, the name in brackets, may hold spaces.
    const fields = readProc(pid, 'stat').split(') ').at(-1)?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  });
}

/** Memory that each has resident now. Throws when one has ended. */
export function residentMiB(pids: readonly number[]): number[] {
  return pids.map((pid) => Number(/^VmRSS:\s+(\d+) kB/m.exec(readProc(pid, 'status'))?.[1] ?? 0) / 1024);
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch (error) {
    throw WindhoverError.from(error, 'a server has ended');
  }
}

/** Where a program is, or undefined when it isn't installed. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(path.delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => path.join(folder, name)).find((file) => existsSync(file));
}
