import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A real Redis of our own on 127.0.0.1. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  signal(name: 'SIGSTOP' | 'SIGCONT'): void;
  /** Kills it and removes its files. */
  stop(): Promise<void>;
}

/** Whether there is one to start. In CI its absence is an error, elsewhere a line on the output. */
export function redisIsInstalled(): boolean {
  if (spawnSync('redis-server', ['--version']).status === 0) return true;
  if (process.env['CI']) throw new Error('redis-server is not installed');
  console.log('skipped: redis-server is not installed');
  return false;
}

export async function startRedis(port?: number): Promise<RedisServer> {
  const chosen = port ?? (await freePort());
  const folder = await mkdtemp(join(tmpdir(), 'windhover-redis-'));
  const options = ['--port', String(chosen), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--daemonize', 'no'];
  const server = spawn('redis-server', options, { stdio: ['ignore', 'pipe', 'inherit'] });
  await ready(server);
  return {
    port: chosen,
    url: `redis://127.0.0.1:${chosen}`,
    signal: (name) => server.kill(name),
    stop: async () => {
      const exited = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGKILL');
      await exited;
      await rm(folder, { recursive: true });
    },
  };
}

/** A port of 127.0.0.1 that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => probe.once('error', reject).listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

function ready(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = '';
    server.stdout?.on('data', (chunk) => {
      output += chunk;
      if (output.includes('Ready to accept connections')) resolve();
    });
    server.once('exit', (code) => reject(new Error(`redis-server ended with ${code}: ${output}`)));
  });
}
