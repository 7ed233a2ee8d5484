import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Clock ticks a second in /proc/PID/stat: 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;
const readyTimeoutMs = 30_000;
const stopTimeoutMs = 10_000;

/** A server process of a measurement. */
export interface ServerProcess {
  readonly pid: number;
  /** The end of what it wrote, for when it doesn't work. */
  output(): string;
  hasEnded(): boolean;
  stop(): Promise<void>;
}

/** Starts a process; it has to be stopped. */
export function startProcess(command: string, commandArguments: readonly string[]): ServerProcess {
  const child = spawn(command, commandArguments, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  let ended = false;
  const listen = (text: Buffer): void => {
    said = (said + text.toString()).slice(-4000);
  };
  child.stdout.on('data', listen);
  child.stderr.on('data', listen);
  child.once('error', (error) => {
    said += error.message;
    ended = true;
  });
  child.once('exit', () => {
    ended = true;
  });
  return {
    pid: child.pid ?? 0,
    output: () => said.trim(),
    hasEnded: () => ended,
    stop: () => stopChild(child, () => ended),
  };
}

async function stopChild(child: ChildProcess, hasEnded: () => boolean): Promise<void> {
  child.kill('SIGTERM');
  const untilMs = performance.now() + stopTimeoutMs;
  while (!hasEnded() && performance.now() < untilMs) await sleep(20);
  if (!hasEnded()) child.kill('SIGKILL');
}

/** Waits until `isReady` says so. Throws with the servers' output when one of them ends, or none is in time. */
export async function waitReady(servers: readonly ServerProcess[], isReady: () => Promise<boolean>): Promise<void> {
  const untilMs = performance.now() + readyTimeoutMs;
  while (!(await isReady())) {
    const dead = servers.find((server) => server.hasEnded());
    if (dead !== undefined) throw new Error(`a server ended: ${dead.output()}`);
    if (performance.now() > untilMs) throw new Error(`no server after 30 s: ${servers[0]?.output()}`);
    await sleep(50);
  }
}

/** User and system CPU time used so far by all of them, all threads included. */
export function cpuSeconds(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    // The second field, the name in brackets, may hold spaces.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return sum + (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  }, 0);
}

/** Memory resident now, of all of them. */
export function residentMiB(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const line = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return sum + Number(line?.[1] ?? 0) / 1024;
  }, 0);
}

/** True when a server accepts connections there. */
export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: '127.0.0.1', port });
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** So many ports that are free now. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listenAnywhere));
  const ports = servers.map((server) => (server.address() as net.AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function listenAnywhere(): Promise<net.Server> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}

/** Runs `use` with a new empty folder, which is removed afterwards. */
export async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'windhover-bench-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Where a program is, or undefined when it isn't installed. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(path.delimiter), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => path.join(folder, name)).find((file) => existsSync(file));
}
