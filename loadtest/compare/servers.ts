import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { WindhoverError } from '../../journal/base/errors.ts';
import { startFlags } from '../../journal/base/v8-settings.ts';
import { type Contender, programOf, queueCount, queuePrefix, type Work } from './contender.ts';
import { createStreams } from './nats.ts';
import { accepts, type Ports } from './ports.ts';
import { findProgram, type OwnProcess, startProcess } from './processes.ts';
import { deleteQueues } from './target.ts';
import { ownProgram } from './this-build.ts';

const readyTimeoutMs = 30_000;
const pollMs = 50;
const requestTimeoutMs = 2000;

/** Where and how servers are started. */
export interface Place {
  /** Empty, and removed afterwards. */
  readonly folder: string;
  readonly ports: Ports;
  /** What servers are bound to, as taskset takes it. */
  readonly serverCpus: string | undefined;
  readonly signal: AbortSignal;
}

/** A server, or a cluster of them, that runs and can be asked. */
export interface Running {
  readonly targets: readonly string[];
  /** None when it is not ours: it ran before, and goes on. */
  readonly processes: readonly OwnProcess[];
  /** Ends what was started, or leaves what wasn't as it was found. */
  stop(): Promise<void>;
}

/** True when the contender's program is there. */
export function isInstalled(contender: Contender): boolean {
  const program = programOf(contender);
  return program === undefined || findProgram(program) !== undefined;
}

/** Starts the contender, and resolves when it answers. Rejects when it doesn't in 30 s, with nothing left running. */
export function start(contender: Contender, work: Pick<Work, 'kind' | 'itemBytes'>, place: Place): Promise<Running> {
  switch (contender.kind) {
    case 'windhover':
      return startWindhover(contender, place);
    case 'redis':
      return startSingle('redis-server', place, (port) => [
        ...['--port', String(port), '--bind', '127.0.0.1', '--dir', place.folder, '--save', ''],
        ...['--appendonly', 'yes', '--appendfsync', contender.appendfsync, '--auto-aof-rewrite-percentage', '0'],
      ]);
    case 'beanstalkd':
      return startSingle('beanstalkd', place, (port) => [
        ...['-l', '127.0.0.1', '-p', String(port), '-b', place.folder, '-F'],
      ]);
    case 'memcached':
      return startSingle('memcached', place, (port) => [
        ...['-l', '127.0.0.1', '-p', String(port), '-U', '0', '-m', '1024', '-c', '2000'],
        ...(os.userInfo().uid === 0 ? ['-u', 'nobody'] : []),
      ]);
    case 'echo':
      return startSingle(process.execPath, place, (port) => [
        ...ownProgram('loadtest/compare/echo-server'),
        ...[String(port), work.kind, String(work.itemBytes), `${queuePrefix(contender)}0`],
      ]);
    case 'nats':
      return startNats(contender.streams, place);
    case 'target':
      return useTarget(contender);
  }
}

async function startWindhover(
  { nodes, syncJournal, queueMemory }: Contender & { kind: 'windhover' },
  { folder, ports, serverCpus, signal }: Place,
): Promise<Running> {
  const memory = queueMemory === undefined ? [] : memoryFlags(queueMemory, folder);
  const taken = (await ports.take(nodes * 3)).map((port) => `127.0.0.1:${port}`);
  const [clients, admins, peers] = [0, 1, 2].map((part) => taken.slice(part * nodes, (part + 1) * nodes)) as [
    string[],
    string[],
    string[],
  ];
  const processes = clients.map((client, index) =>
    startProcess(
      process.execPath,
      [
        ...[...startFlags, ...ownProgram('node/main'), 'node', '--data', path.join(folder, `node-${index + 1}`)],
        ...['--listen', client, '--admin', admins[index] as string, '--peer', peers[index] as string],
        ...['--directory', `lmdb:${path.join(folder, 'directory')}`, '--sync-journal', syncJournal],
        ...['--expect', String(nodes), '--replicas', String(Math.min(2, nodes))],
        ...memory,
      ],
      serverCpus,
    ),
  );
  return ready(clients, processes, signal, async () => (await Promise.all(admins.map(isReady))).every((each) => each));
}

/** A queue has as much as that, since a node that might have any amount is no limit. */
function memoryFlags(queueMemory: string, folder: string): string[] {
  const config = path.join(folder, 'windhover.yaml');
  writeFileSync(config, `default: { maxMemorySize: ${queueMemory} }\n`);
  return ['--config', config, '--max-memory', '64GiB'];
}

async function isReady(admin: string): Promise<boolean> {
  try {
    return (await fetch(`http://${admin}/ready`, { signal: AbortSignal.timeout(requestTimeoutMs) })).status === 200;
  } catch {
    return false;
  }
}

/** Three servers with file storage and three copies; `streams` share the queues. */
async function startNats(streams: number, { folder, ports, serverCpus, signal }: Place): Promise<Running> {
  const taken = await ports.take(6);
  const [clients, routes] = [taken.slice(0, 3), taken.slice(3)];
  const processes = clients.map((port, index) => {
    const home = path.join(folder, `nats-${index}`);
    mkdirSync(home);
    const config = path.join(home, 'nats.conf');
    writeFileSync(
      config,
      `server_name: n${index}\nlisten: 127.0.0.1:${port}\njetstream { store_dir: "${home}" }\n` +
        `cluster { name: compare, listen: 127.0.0.1:${routes[index]}\n` +
        `  routes: [${routes.map((route) => `nats://127.0.0.1:${route}`).join(', ')}] }\n`,
    );
    return startProcess(findProgram('nats-server') as string, ['-c', config], serverCpus);
  });
  const hosts = clients.map((port) => `127.0.0.1:${port}`);
  return ready(hosts, processes, signal, async () => {
    if (!(await Promise.all(clients.map((port) => accepts(port)))).every((each) => each)) return false;
    return createStreams(clients[0] as number, streams, queueCount);
  });
}

/** One process with one port. */
async function startSingle(
  program: string,
  { ports, serverCpus, signal }: Place,
  words: (port: number) => readonly string[],
): Promise<Running> {
  const [port] = (await ports.take(1)) as [number];
  const server = startProcess(findProgram(program) ?? program, words(port), serverCpus);
  return ready([`127.0.0.1:${port}`], [server], signal, () => accepts(port));
}

async function useTarget({ name, host, port }: Contender & { kind: 'target' }): Promise<Running> {
  if (!(await accepts(port, host)))
    throw new WindhoverError('unavailable', `${name}: nobody answers at ${host}:${port}`);
  return { targets: [`${host}:${port}`], processes: [], stop: () => deleteQueues(host, port) };
}

/** Waits for a contender, and leaves none of its processes behind when it doesn't come. */
async function ready(
  targets: readonly string[],
  processes: readonly OwnProcess[],
  signal: AbortSignal,
  isReadyNow: () => Promise<boolean>,
): Promise<Running> {
  const stop = async (): Promise<void> => {
    await Promise.all(processes.map((each) => each.stop()));
  };
  try {
    const untilMs = performance.now() + readyTimeoutMs;
    while (!(await isReadyNow())) {
      const dead = processes.find((each) => each.hasEnded());
      if (dead !== undefined) throw new WindhoverError('unavailable', `it ended: ${dead.output()}`);
      if (performance.now() > untilMs) {
        throw new WindhoverError('unavailable', `not ready after 30 s: ${processes[0]?.output() ?? ''}`);
      }
      await sleep(pollMs, undefined, { signal });
    }
    return { targets, processes, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
