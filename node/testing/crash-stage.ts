import { SimDirectory } from '../../cluster/testing/sim-directory.ts';
import { SimNetwork } from '../../cluster/testing/sim-network.ts';
import { assert } from '../../journal/base/assert.ts';
import type { Timer } from '../../journal/base/clock.ts';
import { seededRandom } from '../../journal/testing/random.ts';
import { SimClock } from '../../journal/testing/sim-clock.ts';
import { encodeSections } from '../settings/cluster-settings.ts';
import { putSettings } from '../settings/directory-settings.ts';
import { SimServer } from './sim-server.ts';

const leastStepMs = 0.25;
const readyWithinMs = 60_000;
const answerWithinMs = 60_000;
/** What a client had open when its node died has been given back by then: see simulation.ts. */
const giveBackMs = 4000;

/**
 * A clock that stops the world before anything at all comes of a step: whatever a node does to its disk, to the network,
 * to the directory or to a client, and all that it puts off, is scheduled here.
 */
class SteppedClock extends SimClock {
  #steps = 0;
  #stopAt = 0;
  #stop: () => void = () => undefined;

  get steps(): number {
    return this.#steps;
  }

  /** Calls once, in the midst of whatever is being done, before the step with this number. */
  stopBefore(step: number, stop: () => void): void {
    this.#stopAt = step;
    this.#stop = stop;
  }

  override schedule(delayMs: number, callback: () => void): Timer {
    if (++this.#steps === this.#stopAt) this.#stop();
    return super.schedule(delayMs, callback);
  }
}

/** A client on one connection: asks one thing at a time. */
export class StageClient {
  readonly #server: SimServer;
  readonly #clock: SimClock;
  #text = '';
  #heard: ((answer: string | undefined) => void) | undefined;
  #connection: ReturnType<SimServer['connect']>;

  constructor(server: SimServer, clock: SimClock) {
    this.#server = server;
    this.#clock = clock;
    const received = (text: string) => this.#received(text);
    this.#connection = this.#server.connect({ received, closed: () => this.#closed() });
  }

  /** The answer's first line, of an item its data; undefined when the connection ends first. */
  ask(command: string): Promise<string | undefined> {
    this.#text = '';
    return new Promise((resolve) => {
      this.#heard = resolve;
      if (this.#connection === undefined) this.#clock.defer(() => this.#closed());
      else this.#connection.send(`${command}\r\n`);
    });
  }

  set(queue: string, data: string): Promise<string | undefined> {
    return this.ask(`set ${queue} 0 0 ${data.length}\r\n${data}`);
  }

  /** Goes without a word. */
  cut(): void {
    this.#connection?.cut();
    this.#connection = undefined;
  }

  #received(text: string): void {
    this.#text += text;
    const [first = '', second] = this.#text.split('\r\n');
    if (first.startsWith('VALUE ') ? this.#text.endsWith('\r\nEND\r\n') : second !== undefined)
      this.#answer(first.startsWith('VALUE ') ? second : first);
  }

  #closed(): void {
    this.#connection = undefined;
    this.#answer(undefined);
  }

  #answer(answer: string | undefined): void {
    const heard = this.#heard;
    this.#heard = undefined;
    heard?.(answer);
  }
}

/** A few nodes, simulated, of which some can be made to die before any step of what they do. */
export class CrashStage {
  readonly clock = new SteppedClock();
  readonly servers: readonly SimServer[];
  readonly #network: SimNetwork;

  private constructor(nodes: number, seed: number) {
    const { clock } = this;
    const random = seededRandom(seed);
    const directory = new SimDirectory(clock, random);
    const network = new SimNetwork({ clock, random });
    const world = { clock, random, network, directory, nodes, trace: () => undefined };
    this.servers = Array.from({ length: nodes }, (_, index) => new SimServer(world, index));
    this.#directory = directory;
    this.#network = network;
  }

  readonly #directory: SimDirectory;

  /** A cluster that is ready, whose queues have these settings. */
  static async begin(nodes: number, queues: Record<string, object>, seed: number): Promise<CrashStage> {
    const stage = new CrashStage(nodes, seed);
    await stage.clock.complete(putSettings(stage.#directory.connect('operator'), encodeSections({ queues })));
    for (const server of stage.servers) server.start();
    await stage.ready();
    return stage;
  }

  leads(queue: string): SimServer {
    const leader = this.#leader(queue);
    assert(leader !== undefined, 'nobody leads the queue');
    return leader;
  }

  isLedBy({ node }: SimServer, queue: string): boolean {
    return node?.cluster.route(node.cluster.partitionOf(queue)) === 'local';
  }

  #leader(queue: string): SimServer | undefined {
    return this.servers.find((server) => this.isLedBy(server, queue));
  }

  breakLinks(one: SimServer, other: SimServer): void {
    this.#network.breakLinks(one.peer, other.peer);
  }

  connect(server: SimServer): StageClient {
    return new StageClient(server, this.clock);
  }

  /** Until every node is there and every partition is led and in sync. */
  async ready(): Promise<void> {
    await this.#until(readyWithinMs, () =>
      this.servers.every(({ node }) => node !== undefined && node.cluster.unready() === undefined),
    );
  }

  pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.clock.schedule(ms, resolve));
  }

  /** Lets the world go on until that is done. */
  play<T>(act: Promise<T>): Promise<T> {
    return this.clock.complete(act, answerWithinMs);
  }

  /** All that is in the queues, in order, once whoever is there leads them, and what was open has been given back. */
  async rest(queues: readonly string[]): Promise<string[]> {
    await this.#until(readyWithinMs, () => queues.every((queue) => this.#leader(queue) !== undefined));
    await this.clock.runFor(giveBackMs);
    const items: string[] = [];
    for (const queue of queues) await this.#drain(queue, items);
    return items;
  }

  async #drain(queue: string, items: string[]): Promise<void> {
    const client = this.connect(this.leads(queue));
    for (;;) {
      const item = await this.play(client.ask(`get ${queue}`));
      if (item === 'END') return;
      assert(item !== undefined, 'a connection ended though nothing happened');
      items.push(item);
    }
  }

  async #until(limitMs: number, done: () => boolean): Promise<void> {
    const endMs = this.clock.monotonicMs() + limitMs;
    while (!done()) {
      assert(this.clock.monotonicMs() < endMs, 'it does not come to that');
      await this.clock.runFor(leastStepMs);
    }
  }
}
