import {
  type ClusterRecord,
  clusterKey,
  type PartitionRecord,
  parseValue,
  partitionKey,
  Router,
} from '../../cluster/partition-map.ts';
import { SimDirectory } from '../../cluster/testing/sim-directory.ts';
import { SimNetwork } from '../../cluster/testing/sim-network.ts';
import { segmentHeaderBytes } from '../../journal/log/segment.ts';
import { SimClock } from '../../journal/testing/sim-clock.ts';
import type { SimDisk } from '../../journal/testing/sim-disk.ts';
import { SimServer, type SimWorld } from './sim-server.ts';
import { TranscriptClient } from './transcript-client.ts';
import { observedTransport } from './transcript-wire.ts';

const queueName = 'post';
const readyWithinMs = 60_000;
const answerWithinMs = 15_000;

/** Chance is always this: no order of events depends on how often it is asked. What was not synced is then lost. */
const middling = (): number => 0.5;

/**
 * A simulated cluster and its clients, played by commands of one line each. What is told is about one queue, `post`,
 * and the partition that it is in.
 *
 *   cluster nodes=3 [sync=never]    starts nodes 1, 2, 3, and waits until all is led and in sync
 *   ann@3 set post hello            client ann, connected to node 3, sends a command and waits for the answer
 *   ann@3 get post/open &           … and does not wait: the answer is told when it comes
 *   ann leaves                      its connection is cut
 *   kill N, power N, start N        kill -9; power loss, with all that was not synced; the process starts (again)
 *   stop N, continue N, drain N     SIGSTOP, SIGCONT, SIGTERM
 *   cut A B, heal A B               no network between two nodes, or between a node and `directory`; there is again
 *   slow N MS                       a sync takes so long on that node's disk
 *   damage N                        a bit flips in the oldest segment of that node's journal
 *   spoil N TEXT                    a bit flips in that node's journal wherever an item says TEXT
 *   set-aside                       nodes are started with --set-aside-damaged from here on
 *   wait SECONDS                    time goes by
 *   until ready                     … until every partition is led and fully in sync
 *   watch, unwatch                  what leader and follower send one another about the partition is told, or is not
 *   status                          what the directory says, and what each node has
 *
 * Times told are in seconds since the block began.
 */
export class TranscriptStage {
  readonly #clock = new SimClock();
  readonly #network = new SimNetwork({ clock: this.#clock, random: middling, latencyMs: () => 0.5 });
  readonly #directory = new SimDirectory(this.#clock, middling);
  readonly #config: { syncJournal: 'always' | 'never'; setAsideDamaged: boolean } = {
    syncJournal: 'always',
    setAsideDamaged: false,
  };
  #servers: readonly SimServer[] = [];
  readonly #clients = new Map<string, TranscriptClient>();
  readonly #commands: string[] = [];
  #told: string[] = [];
  #beganMs = 0;
  #partition: number | undefined;
  #watching = false;

  /** One more command of the block that is played next. */
  noteCommand(command: string): void {
    this.#commands.push(command);
  }

  /** Plays the commands noted; gives what came of them, line by line. */
  async run(): Promise<string[]> {
    this.#told = [];
    this.#beganMs = this.#clock.monotonicMs();
    for (const command of this.#commands.splice(0)) await this.#play(command);
    return this.#told.length > 0 ? this.#told : ['(nothing happens)'];
  }

  async #play(command: string): Promise<void> {
    const client = /^(\w+)(?:@(\d+))? (.+)$/.exec(command);
    const [verb = '', ...words] = command.split(' ');
    const action = this.#actions[verb];
    if (action !== undefined) return action(words);
    if (client?.[2] !== undefined) return this.#ask(client[1] as string, this.#server(client[2]), client[3] as string);
    if (client?.[3] === 'leaves') return this.#clients.get(verb)?.leave();
    throw new Error(`no such command: ${command}`);
  }

  readonly #actions: Readonly<Record<string, (words: string[]) => void | Promise<void>>> = {
    cluster: (words) => this.#begin(new Map(words.map((word) => word.split('=') as [string, string]))),
    kill: ([node]) => this.#server(node).crash('process'),
    power: ([node]) => this.#server(node).crash('power'),
    start: ([node]) => this.#server(node).start(),
    stop: ([node]) => this.#server(node).pause(),
    continue: ([node]) => this.#server(node).resume(),
    drain: ([node]) => void this.#server(node).drain(),
    cut: ([a, b]) => this.#cut(this.#server(a), b),
    heal: ([a, b]) => this.#heal(this.#server(a), b),
    slow: ([node, ms]) => {
      this.#server(node).disk.syncMs = Number(ms);
    },
    damage: ([node]) => this.#damage(this.#server(node)),
    spoil: ([node, text]) => this.#spoil(this.#server(node).disk, text as string),
    'set-aside': () => {
      this.#config.setAsideDamaged = true;
    },
    wait: ([seconds]) => this.#clock.runFor(Number(seconds) * 1000),
    until: () => this.#untilReady(),
    watch: () => {
      this.#watching = true;
    },
    unwatch: () => {
      this.#watching = false;
    },
    status: () => this.#status(),
  };

  async #begin(options: ReadonlyMap<string, string>): Promise<void> {
    const nodes = Number(options.get('nodes'));
    if (options.get('sync') === 'never') this.#config.syncJournal = 'never';
    const world: SimWorld = {
      clock: this.#clock,
      random: middling,
      network: this.#network,
      directory: this.#directory,
      nodes,
      config: this.#config,
      tap: (transport, follower) =>
        observedTransport(transport, (leader, partition, line) => {
          if (this.#watching && partition === this.#partition) this.#tell(line(nodeName(follower), nodeName(leader)));
        }),
      trace: (line) => this.#traced(line),
    };
    this.#servers = Array.from({ length: nodes }, (_, index) => new SimServer(world, index));
    for (const server of this.#servers) server.start();
    await this.#untilReady();
    const [cluster] = this.#directory.peek(clusterKey).entries;
    if (cluster === undefined) throw new Error('there is no cluster');
    this.#partition = new Router(parseValue<ClusterRecord>(cluster)).partition(queueName);
    this.#status();
  }

  #server(number: string | undefined): SimServer {
    const server = this.#servers[Number(number) - 1];
    if (server === undefined) throw new Error(`there is no node ${number}`);
    return server;
  }

  #cut(from: SimServer, to: string | undefined): void {
    if (to === 'directory') this.#directory.cut(from.name);
    else this.#network.part(from.peer, this.#server(to).peer);
  }

  #heal(from: SimServer, to: string | undefined): void {
    if (to === 'directory') this.#directory.heal(from.name);
    else this.#network.heal(from.peer, this.#server(to).peer);
  }

  #damage({ disk }: SimServer): void {
    const segment = disk.names().find((name) => name.endsWith('.segment'));
    if (segment === undefined) throw new Error('there is no segment');
    disk.flipBit(segment, segmentHeaderBytes + 100);
  }

  async #spoil(disk: SimDisk, text: string): Promise<void> {
    for (const name of disk.names().filter((each) => each.endsWith('.segment'))) {
      const content = (await this.#clock.complete(disk.readWhole(name))) ?? Buffer.alloc(0);
      for (let at = content.indexOf(text); at >= 0; at = content.indexOf(text, at + 1)) disk.flipBit(name, at);
    }
  }

  async #ask(name: string, server: SimServer, text: string): Promise<void> {
    const waits = !text.endsWith(' &');
    let client = this.#clients.get(name);
    if (client === undefined) {
      client = new TranscriptClient((line) => this.#tell(`${name} ${line}`));
      this.#clients.set(name, client);
    }
    client.ask(server, waits ? text : text.slice(0, -' &'.length));
    if (waits && !(await this.#runUntil(() => !client.waits, answerWithinMs))) this.#tell(`${name} still waits`);
  }

  async #untilReady(): Promise<void> {
    const isReady = (server: SimServer) => server.node !== undefined && server.node.cluster.unready() === undefined;
    const ready = await this.#runUntil(() => this.#servers.every(isReady), readyWithinMs);
    if (this.#partition !== undefined || !ready)
      this.#tell(ready ? 'all is led and in sync' : 'it does not come to that');
  }

  async #runUntil(done: () => boolean, limitMs: number): Promise<boolean> {
    const endMs = this.#clock.monotonicMs() + limitMs;
    while (!done() && this.#clock.monotonicMs() < endMs) await this.#clock.runFor(1);
    return done();
  }

  #status(): void {
    const [entry] = this.#directory.peek(partitionKey(this.#partition ?? 0)).entries;
    if (entry === undefined) throw new Error('the directory has no such partition');
    const { epoch, leader, inSync } = parseValue<PartitionRecord>(entry);
    const line = `epoch ${epoch}, leader ${leader}, in sync ${inSync.join(' and ')}`;
    this.#told.push(`       directory: ${withNodeNames(line)}`);
    for (const server of this.#servers) this.#told.push(`       ${nodeName(server.name)}: ${this.#statusOf(server)}`);
  }

  #statusOf({ running, node }: SimServer): string {
    const partition = this.#partition ?? 0;
    if (!running) return 'down';
    const phase = node?.cluster.partitions.get(partition)?.phase;
    const replica = node?.store.replica(partition);
    if (phase === undefined || replica === undefined) return 'starting';
    const items = replica.queues.get(queueName)?.count ?? 0;
    if (phase === 'idle' && replica.lastSequence === 0) return 'has no part in it';
    if (replica.lastSequence === 0) return `${phase}, with an empty log`;
    return `${phase}, log up to entry ${replica.lastSequence} of epoch ${replica.lastEpoch}, items in ${queueName}: ${items}`;
  }

  /** A line of the servers' own, if it is about our partition or none. */
  #traced(line: string): void {
    const [, message = line, details] = /^(.*?)(?: (\{.*\}))?$/.exec(line) ?? [];
    const { partition, ...rest } = details === undefined ? {} : (JSON.parse(details) as Record<string, unknown>);
    if (this.#partition === undefined || (partition !== undefined && partition !== this.#partition)) return;
    const about = Object.entries(rest).map(([key, value]) => `${words(key)} ${[value].flat().join(' and ')}`);
    this.#tell(withNodeNames([message, ...about].join(', ')));
  }

  #tell(line: string): void {
    const seconds = (this.#clock.monotonicMs() - this.#beganMs) / 1000;
    this.#told.push(`${seconds.toFixed(1).padStart(4)}   ${line}`);
  }
}

/** Of an address, memcache or peer. */
function nodeName(address: string): string {
  return withNodeNames(address);
}

/** Nodes' addresses and ids as "node 1", and so on. */
function withNodeNames(line: string): string {
  return line
    .replace(/127\.0\.0\.1:2[24]1(\d\d)/g, (_, port) => `node ${Number(port) - 32}`)
    .replace(/\bid-(\d+)-0\b/g, (_, index) => `node ${Number(index) + 1}`);
}

/** `inSync` as "in sync". */
function words(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
