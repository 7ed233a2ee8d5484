import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createStreams } from './nats.ts';
import { accepts, findProgram, freePorts, type ServerProcess, startProcess, waitReady } from './process.ts';

/** A server, or a cluster of them, that runs and can be asked. */
export interface Running {
  /** As the load generator wants it: `host:port,host:port…`. */
  readonly targets: string;
  readonly processes: readonly ServerProcess[];
}

/** One side of a comparison: how to start it, and how the generator is to speak to it. */
export interface Contender {
  readonly name: string;
  /** The program that must be installed. */
  readonly program: string;
  readonly protocol: string;
  /** More words for the load generator. */
  readonly generatorArguments?: readonly string[];
  /** Starts it with its data in `folder`, and resolves when it answers. */
  start(folder: string): Promise<Running>;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const nodeMain = path.join(root, 'dist', 'node', 'main.js');

/** True when the contender's program is there. */
export function isInstalled(contender: Contender): boolean {
  return contender.program === nodeMain ? existsSync(nodeMain) : findProgram(contender.program) !== undefined;
}

/** How many queues a load is spread over. */
export const queueCount = 48;

/** Windhover: one node, or a cluster with two copies of everything. */
export function windhover(options: {
  name?: string;
  nodes?: number;
  syncJournal?: 'always' | 'never';
  route?: 'any' | 'owner';
}): Contender {
  const { nodes = 1, syncJournal = 'always', route = 'any' } = options;
  const synced = syncJournal === 'always' ? 'every set synced' : 'not synced';
  return {
    name: options.name ?? `Windhover, ${synced}`,
    program: nodeMain,
    protocol: 'memcache',
    generatorArguments: ['--route', route],
    async start(folder) {
      const ports = await freePorts(nodes * 3);
      const admins = ports.slice(nodes, nodes * 2);
      const processes = admins.map((admin, index) =>
        startProcess(process.execPath, [
          nodeMain,
          'node',
          ...['--data', path.join(folder, `node-${index + 1}`)],
          ...['--listen', `127.0.0.1:${ports[index]}`, '--admin', `127.0.0.1:${admin}`],
          ...[
            '--peer',
            `127.0.0.1:${ports[nodes * 2 + index]}`,
            '--directory',
            `lmdb:${path.join(folder, 'directory')}`,
          ],
          ...['--expect', String(nodes), '--replicas', String(Math.min(2, nodes)), '--sync-journal', syncJournal],
        ]),
      );
      await ready(processes, async () => (await Promise.all(admins.map(isReady))).every((each) => each));
      return { targets: targetsOf(ports.slice(0, nodes)), processes };
    },
  };
}

async function isReady(adminPort: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${adminPort}/ready`)).status === 200;
  } catch {
    return false;
  }
}

/** Redis lists, with its append-only file synced as `appendfsync` says. */
export function redis(appendfsync: 'always' | 'everysec'): Contender {
  return singlePort(`Redis list, appendfsync ${appendfsync}`, 'redis-server', 'redis', (port, folder) => [
    ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', ''],
    ...['--appendonly', 'yes', '--appendfsync', appendfsync, '--auto-aof-rewrite-percentage', '0'],
  ]);
}

/** beanstalkd with its journal on, never synced. */
export function beanstalkd(): Contender {
  return singlePort('beanstalkd, journal not synced', 'beanstalkd', 'beanstalk', (port, folder) => [
    ...['-l', '127.0.0.1', '-p', String(port), '-b', folder, '-F'],
  ]);
}

/** memcached: no queue and no journal, what the wire itself allows. */
export function memcached(): Contender {
  const user = os.userInfo().uid === 0 ? ['-u', 'nobody'] : [];
  return singlePort('memcached (no queue)', 'memcached', 'memcache', (port) => [
    ...['-l', '127.0.0.1', '-p', String(port), '-U', '0', '-m', '1024', '-c', '2000', ...user],
  ]);
}

/** A Node process that answers so many bytes for so many, and does nothing else. */
export function echo(work: 'set' | 'get', itemBytes: number): Contender {
  const script = fileURLToPath(new URL('echo-server.ts', import.meta.url));
  return {
    name: 'bare Node net server',
    program: 'node',
    protocol: 'echo',
    // One queue, so that every request is as long as the next.
    generatorArguments: ['--queues', '1'],
    async start() {
      const [port] = (await freePorts(1)) as [number];
      const flags = ['--import', 'tsx', script, String(port), work, String(itemBytes)];
      const server = startProcess(process.execPath, flags);
      await ready([server], () => accepts(port));
      return { targets: targetsOf([port]), processes: [server] };
    },
  };
}

/** NATS JetStream: three servers, file storage, three copies; `streams` share the queues. */
export function natsCluster(streams: number): Contender {
  return {
    name: `NATS JetStream R3, ${streams === 1 ? 'one stream' : `${streams} streams`}`,
    program: 'nats-server',
    protocol: 'nats',
    // A subject is made of words between dots; a stream takes those that it names.
    generatorArguments: ['--queue-prefix', 'bench.'],
    async start(folder) {
      const ports = await freePorts(6);
      const clients = ports.slice(0, 3);
      const routes = ports.slice(3);
      const processes = clients.map((port, index) => startNats(folder, index, port, routes));
      await ready(processes, async () => (await Promise.all(clients.map(accepts))).every((each) => each));
      await ready(processes, () => createStreams(clients[0] as number, streams, queueCount));
      return { targets: targetsOf(clients), processes };
    },
  };
}

function startNats(folder: string, index: number, port: number, routes: readonly number[]): ServerProcess {
  const home = path.join(folder, `nats-${index}`);
  mkdirSync(home);
  const config = path.join(home, 'nats.conf');
  writeFileSync(
    config,
    `server_name: n${index}\nlisten: 127.0.0.1:${port}\njetstream { store_dir: "${home}" }\n` +
      `cluster { name: bench, listen: 127.0.0.1:${routes[index]}\n` +
      `  routes: [${routes.map((route) => `nats://127.0.0.1:${route}`).join(', ')}] }\n`,
  );
  return startProcess(findProgram('nats-server') as string, ['-c', config]);
}

/** A contender that is one process with one port. */
function singlePort(
  name: string,
  program: string,
  protocol: string,
  flags: (port: number, folder: string) => readonly string[],
): Contender {
  return {
    name,
    program,
    protocol,
    async start(folder) {
      const [port] = (await freePorts(1)) as [number];
      const server = startProcess(findProgram(program) as string, flags(port, folder));
      await ready([server], () => accepts(port));
      return { targets: targetsOf([port]), processes: [server] };
    },
  };
}

/** Waits for a contender, and leaves none of its processes behind when it doesn't come. */
async function ready(processes: readonly ServerProcess[], isReadyNow: () => Promise<boolean>): Promise<void> {
  try {
    await waitReady(processes, isReadyNow);
  } catch (error) {
    await Promise.all(processes.map((each) => each.stop()));
    throw error;
  }
}

function targetsOf(ports: readonly number[]): string {
  return ports.map((port) => `127.0.0.1:${port}`).join(',');
}
