import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { eventually, within } from './eventually.ts';
import { freePorts } from './ports.ts';
import { WireClient } from './wire-client.ts';

const root = resolve(import.meta.dirname, '../..');

export interface NodeOptions {
  /** The data folder. */
  readonly data: string;
  readonly directory: string;
  readonly expect?: number;
  readonly replicas?: number;
  /** Further flags, as on the command line. */
  readonly flags?: readonly string[];
  /** memcache, admin, peer, and where they are given, text and Thrift; three free ones when missing. */
  readonly ports?: readonly number[];
}

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const running = new Set<ChildProcess>();
const clients = new Set<WireClient>();

/** `windhover node` in a process of its own, small journals. */
export class NodeProcess {
  readonly options: NodeOptions;
  readonly ports: readonly number[];
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  #log = '';
  #errors = '';

  static async start(options: NodeOptions): Promise<NodeProcess> {
    return new NodeProcess(options, options.ports ?? (await freePorts(3)));
  }

  private constructor(options: NodeOptions, ports: readonly number[]) {
    this.options = options;
    this.ports = ports;
    const child = spawn(process.execPath, [...program(), 'node', ...flagsOf(options, ports)], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    running.add(child);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#log += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text;
    });
    this.ended = new Promise((done, failed) => {
      child.once('error', failed);
      child.once('close', (code, signal) => {
        running.delete(child);
        done({ code, signal });
      });
    });
  }

  get memcachePort(): number {
    return this.ports[0] as number;
  }

  get adminPort(): number {
    return this.ports[1] as number;
  }

  get textPort(): number {
    return this.ports[3] as number;
  }

  get thriftPort(): number {
    return this.ports[4] as number;
  }

  get peerPort(): number {
    return this.ports[2] as number;
  }

  /** How clients and the ring name it. */
  get label(): string {
    return `127.0.0.1:${this.memcachePort}`;
  }

  /** Its log so far, JSON lines. */
  get log(): string {
    return this.#log;
  }

  /** What it wrote on standard error. */
  get errors(): string {
    return this.#errors;
  }

  get isRunning(): boolean {
    return running.has(this.#child);
  }

  /** Waits until `/ready` says so; rejects with its reason, or when the process ends. */
  ready(limitMs = 30_000): Promise<void> {
    const ask = async (): Promise<true | undefined> => {
      const response = await fetch(`http://127.0.0.1:${this.adminPort}/ready`, { signal: AbortSignal.timeout(2000) });
      const body = await response.text();
      if (response.status !== 200) throw new Error(body.trim());
      return true;
    };
    const ended = this.ended.then((how) => {
      throw new Error(`node ${this.label} ended with ${JSON.stringify(how)}: ${this.#errors}`);
    });
    return Promise.race([eventually(`node ${this.label} is ready`, ask, limitMs).then(() => undefined), ended]);
  }

  /** Waits for a line of its log. */
  logged(pattern: RegExp, limitMs = 15_000): Promise<string> {
    return eventually(`node ${this.label} logs ${pattern}`, () => pattern.exec(this.#log)?.[0], limitMs);
  }

  /** Sends a signal and waits for the end. */
  stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM', limitMs = 10_000): Promise<Ended> {
    this.#child.kill(signal);
    return within(limitMs, `the end of node ${this.label} after ${signal}`, this.ended);
  }

  /** A connection that {@link cleanUp} ends. */
  async connect(): Promise<WireClient> {
    const client = await WireClient.connect(this.memcachePort);
    clients.add(client);
    return client;
  }
}

/** Nodes of one cluster, with the directory in its folder. */
export class LocalCluster {
  readonly folder: string;
  readonly #options: readonly NodeOptions[];
  /** Started last under each number. */
  readonly #nodes: NodeProcess[] = [];

  /** Resolves when all are ready. `ports`: how many each has, see {@link NodeOptions}. */
  static async start(count: number, flags: readonly string[] = [], ports = 3): Promise<LocalCluster> {
    const all = await freePorts(ports * count);
    const cluster = new LocalCluster(
      flags,
      Array.from({ length: count }, (_, i) => all.slice(ports * i, ports * (i + 1))),
    );
    await Promise.all(cluster.#options.map((_, i) => cluster.startNode(i)));
    await cluster.ready();
    return cluster;
  }

  private constructor(flags: readonly string[], ports: readonly (readonly number[])[]) {
    const count = ports.length;
    this.folder = temporaryFolder();
    this.#options = ports.map((own, i) => ({
      data: join(this.folder, `node-${i + 1}`),
      directory: `lmdb:${join(this.folder, 'directory')}`,
      expect: count,
      replicas: Math.min(2, count),
      ports: own,
      flags,
    }));
  }

  get nodes(): readonly NodeProcess[] {
    return this.#nodes;
  }

  /** The node at an index, which has to be there. */
  node(index: number): NodeProcess {
    const node = this.#nodes[index];
    if (node === undefined) throw new Error(`there is no node at ${index}`);
    return node;
  }

  /** Starts it, or starts it again, on its old ports. */
  async startNode(index: number): Promise<NodeProcess> {
    const options = this.#options[index];
    if (options === undefined) throw new Error(`there is no node at ${index}`);
    const node = await NodeProcess.start(options);
    this.#nodes[index] = node;
    return node;
  }

  /** Waits until all of its running nodes are ready. */
  async ready(): Promise<void> {
    await Promise.all(this.#nodes.filter((node) => node.isRunning).map((node) => node.ready()));
  }
}

/** Runs `windhover` with these arguments to its end. */
export async function runToEnd(...args: string[]): Promise<Ended & { readonly out: string; readonly errors: string }> {
  const child = spawn(process.execPath, [...program(), ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  let out = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const ended = new Promise<Ended>((done, failed) => {
    child.once('error', failed);
    child.once('close', (code, signal) => {
      running.delete(child);
      done({ code, signal });
    });
  });
  const how = await within(30_000, `the end of windhover ${args[0] ?? ''}`, ended);
  return { ...how, out, errors };
}

const folders: string[] = [];

/** An empty folder that {@link cleanUp} removes. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'windhover-process-'));
  folders.push(folder);
  return folder;
}

/** Ends every connection and process that was started here. */
export async function endAll(): Promise<void> {
  for (const client of clients) client.destroy();
  const ends = [...running].map((child) => new Promise((ended) => child.once('close', ended)));
  for (const child of running) child.kill('SIGKILL');
  await Promise.all(ends);
}

/** {@link endAll}, and removes the folders. For an `after` hook. */
export async function cleanUp(): Promise<void> {
  await endAll();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

function flagsOf(options: NodeOptions, ports: readonly number[]): string[] {
  const names = ['--listen', '--admin', '--peer', '--text', '--thrift'];
  const addresses = ports.flatMap((port, i) => [names[i] as string, `127.0.0.1:${port}`]);
  const { data, directory, expect = 1, replicas = 1, flags = [] } = options;
  const cluster = ['--directory', directory, '--expect', String(expect), '--replicas', String(replicas)];
  const sizes = ['--segment-bytes', '1MiB', '--journal-limit', '16MiB', '--max-item-size', '256KiB'];
  return ['--data', data, ...addresses, ...cluster, ...sizes, ...flags];
}

/** The build, which starts in half the time, where it is as new as the sources; else the sources. */
function program(): string[] {
  programArguments ??= isBuilt()
    ? [join(root, 'dist/node/main.js')]
    : ['--import', import.meta.resolve('tsx'), join(root, 'node/main.ts')];
  return programArguments;
}

let programArguments: string[] | undefined;

function isBuilt(): boolean {
  const builtMs = statSync(join(root, 'dist/.built'), { throwIfNoEntry: false })?.mtimeMs;
  if (builtMs === undefined) return false;
  return ['journal', 'cluster', 'node', 'loadtest', 'proto'].every((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts') && !/(^|\/)testing\//.test(path))
      .every((path) => statSync(join(root, folder, path)).mtimeMs <= builtMs),
  );
}
