import { parentName } from '../../cluster/ring.ts';
import type { SimChecker } from './sim-checker.ts';
import type { SimConnection, SimServer, SimWorld } from './sim-server.ts';

/** No answer for so long: the client gives the connection up. */
const patienceMs = 8000;
const retryMs = 40;
const pauseMs = 5;
const readWaitMs = 300;
const expiringShare = 0.2;
/** So often a producer sends some values at once, and hears of all of them before it goes on. */
const burstShare = 0.1;
const mostAtOnce = 9;

/** One question, one answer, on a connection that is renewed whenever it breaks. */
class SimClient {
  readonly #world: SimWorld;
  readonly #servers: readonly SimServer[];
  readonly #name: string;
  #connection: SimConnection | undefined;
  #text = '';
  #lines = 1;
  /** Grows whenever a connection ends: what was open on it has gone back. */
  connections = 0;
  #answered: ((answer: string | undefined) => void) | undefined;

  constructor(world: SimWorld, servers: readonly SimServer[], name: string) {
    this.#name = name;
    this.#world = world;
    this.#servers = servers;
  }

  /** The answer, an item or of so many lines; undefined when the connection ended first. */
  async ask(request: string, lines = 1): Promise<string | undefined> {
    const connection = this.#connection ?? this.#connect();
    if (connection === undefined) return undefined;
    this.#text = '';
    this.#lines = lines;
    const answer = new Promise<string | undefined>((resolve) => {
      this.#answered = resolve;
    });
    this.#trace(`asks ${connection.server}: ${request}`);
    connection.send(request);
    const timer = this.#world.clock.schedule(patienceMs, () => this.cut());
    const got = await answer;
    timer.cancel();
    this.#trace(got === undefined ? 'has no answer' : `is answered ${got}`);
    return got;
  }

  #trace(line: string): void {
    this.#world.trace(`${this.#name} ${line.replaceAll('\r\n', ' ').replace(/x{10,}/, 'x…')}`);
  }

  cut(): void {
    if (this.#connection !== undefined) this.#trace('goes away');
    this.#connection?.cut();
    this.#ended();
  }

  pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#world.clock.schedule(ms, resolve));
  }

  #connect(): SimConnection | undefined {
    const server = this.#servers[Math.floor(this.#world.random() * this.#servers.length)];
    const connection = server?.connect({
      received: (text) => {
        if (this.#connection === connection) this.#received(text);
      },
      closed: () => {
        if (this.#connection === connection) this.#ended();
      },
    });
    this.#connection = connection;
    return connection;
  }

  #received(text: string): void {
    this.#text += text;
    if (!isWhole(this.#text, this.#lines)) return;
    const answered = this.#answered;
    this.#answered = undefined;
    answered?.(this.#text);
  }

  #ended(): void {
    this.#connection = undefined;
    this.connections++;
    const answered = this.#answered;
    this.#answered = undefined;
    answered?.(undefined);
  }
}

function isWhole(answer: string, lines: number): boolean {
  return answer.startsWith('VALUE ') ? answer.endsWith('END\r\n') : answer.split('\r\n').length > lines;
}

/** When clients stop beginning anything new. */
export interface Until {
  over: boolean;
}

/** The fanout queues of a run, by the names that clients give them when they first ask for them. */
export class SimFanouts {
  readonly #names: readonly string[];
  readonly #made = new Set<string>();

  constructor(names: readonly string[]) {
    this.#names = names;
  }

  /** A client has been told that it is empty: what is set on its parent from now on is put on it. */
  made(name: string): void {
    this.#made.add(name);
  }

  /** Where a value goes that is set on `queue` now: to these in any case, to those perhaps. */
  reachedBy(queue: string): { surely: readonly string[]; perhaps: readonly string[] } {
    const children = this.#names.filter((name) => parentName(name) === queue);
    return { surely: [queue, ...children.filter((name) => this.#made.has(name))], perhaps: [queue, ...children] };
  }
}

/** Names a fanout queue after a while, until it hears that it is there. */
export async function nameFanout(
  world: SimWorld,
  servers: readonly SimServer[],
  fanouts: SimFanouts,
  queue: string,
  afterMs: number,
): Promise<void> {
  const client = new SimClient(world, servers, `namer of ${queue}`);
  await client.pause(afterMs);
  for (;;) {
    const answer = await client.ask(`get ${queue}/peek\r\n`);
    if (answer === 'END\r\n' || answer?.startsWith('VALUE ')) break;
    client.cut();
    await client.pause(retryMs);
  }
  fanouts.made(queue);
  client.cut();
}

/** What the checker knows a value in a queue by: copies in fanout queues are items of their own, what was moved is not. */
function itemIn(queue: string, value: string): string {
  return parentName(queue) === undefined ? value : `${queue} ${value}`;
}

/** Sets one value after another, or some at once, each different, at queues drawn by chance. */
export async function produce(
  world: SimWorld,
  servers: readonly SimServer[],
  checker: SimChecker,
  queues: readonly string[],
  leakingQueue: string,
  fanouts: SimFanouts,
  name: string,
  until: Until,
): Promise<void> {
  const client = new SimClient(world, servers, name);
  for (let sequence = 0; !until.over; sequence++) {
    const queue = queues[Math.floor(world.random() * queues.length)] ?? '';
    const values = valuesFor(world, queue, `${name}:${sequence}`);
    const { surely, perhaps } = fanouts.reachedBy(queue);
    for (const value of values) for (const reached of perhaps) checker.attempt(itemIn(reached, value));
    // What expires may come or not, unless it goes to another queue: that must come from either.
    const exptime = world.random() < expiringShare ? 1 + Math.floor(world.random() * 3) : 0;
    const sets = values.map((value) => `set ${queue} 0 ${exptime} ${value.length}\r\n${value}\r\n`);
    const answers = (await client.ask(sets.join(''), sets.length))?.split('\r\n') ?? [];
    const stored = values.filter((_, index) => answers[index] === 'STORED');
    if (exptime === 0 || queue === leakingQueue)
      for (const value of stored) for (const reached of surely) checker.acknowledge(itemIn(reached, value));
    if (stored.length < values.length) await client.pause(retryMs);
    await client.pause(world.random() * 2 * pauseMs);
  }
  client.cut();
}

function valuesFor(world: SimWorld, queue: string, name: string): string[] {
  const count = world.random() < burstShare ? 2 + Math.floor(world.random() * (mostAtOnce - 1)) : 1;
  return Array.from(
    { length: count },
    (_, index) => `${queue}:${name}.${index}:${'x'.repeat(Math.floor(world.random() * 200))}`,
  );
}

/** A value read, and the connection on which it is open. */
interface OpenRead {
  readonly value: string;
  readonly connections: number;
}

/** Reads reliably from one queue; now and then gives an item back, or goes without a word. */
export async function consume(
  world: SimWorld,
  servers: readonly SimServer[],
  checker: SimChecker,
  queue: string,
  until: Until,
): Promise<void> {
  const client = new SimClient(world, servers, `reader of ${queue}`);
  let open: OpenRead | undefined;
  while (!until.over) {
    const chance = world.random();
    if (open !== undefined && chance < 0.05) {
      if (chance < 0.02) client.cut();
      else await client.ask(`get ${queue}/abort\r\n`);
      open = undefined;
      continue;
    }
    open = await readNext(client, checker, queue, open, readWaitMs);
    await client.pause(world.random() * pauseMs);
  }
  client.cut();
}

/** Closes the open read, if any, and opens the next: the value that is open now. */
async function readNext(
  client: SimClient,
  checker: SimChecker,
  queue: string,
  asOpen: OpenRead | undefined,
  waitMs: number,
): Promise<OpenRead | undefined> {
  const open = asOpen?.connections === client.connections ? asOpen.value : undefined;
  if (open !== undefined) checker.close(itemIn(queue, open));
  const answer = await client.ask(`get ${queue}/close/open/t=${waitMs}\r\n`);
  if (answer === undefined || !(answer.startsWith('VALUE ') || answer === 'END\r\n')) {
    client.cut();
    await client.pause(retryMs);
    return undefined;
  }
  if (open !== undefined) checker.confirm(itemIn(queue, open));
  if (answer === 'END\r\n') return undefined;
  const value = answer.slice(answer.indexOf('\r\n') + 2, -'\r\nEND\r\n'.length);
  checker.deliver(itemIn(queue, value));
  return { value, connections: client.connections };
}

/** Reads a queue until it is empty several times in a row; false when it does not come to that in time. */
export async function drainQueue(
  world: SimWorld,
  servers: readonly SimServer[],
  checker: SimChecker,
  queue: string,
  limitMs: number,
): Promise<boolean> {
  const client = new SimClient(world, servers, `drainer of ${queue}`);
  const deadlineMs = world.clock.monotonicMs() + limitMs;
  let open: OpenRead | undefined;
  for (let empty = 0; empty < 3; ) {
    if (world.clock.monotonicMs() > deadlineMs) return false;
    const before = client.connections;
    open = await readNext(client, checker, queue, open, 0);
    if (open !== undefined || client.connections !== before) empty = 0;
    else {
      empty++;
      await client.pause(100);
    }
  }
  client.cut();
  return true;
}
