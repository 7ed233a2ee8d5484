import * as assert from 'uvu/assert';
import { Store } from '../../journal/store/store.ts';
import type { SimClock } from '../../journal/testing/sim-clock.ts';
import { SimDisk } from '../../journal/testing/sim-disk.ts';
import { FollowClient } from '../follow-client.ts';
import { type FollowerMessage, type Hello, type LeaderMessage, protocolVersion } from '../messages.ts';
import type { LinkHandler, Transport } from '../transport.ts';

export const timing = { heartbeatMs: 500, hangMs: 2000, redialMs: 250 };
/** How long a sync of a {@link Log}'s disk takes. */
export const syncMs = 5;

function hello(node: string): Hello {
  return { clusterId: 'c', node, incarnation: `${node}1`, protocolVersion };
}

/** A store on a disk of its own, and the bytes of the entries appended to it. */
export class Log {
  readonly clock: SimClock;
  readonly store: Store;
  #written: Buffer[] = [];

  static async open(clock: SimClock): Promise<Log> {
    const disk = new SimDisk({ clock, operationMs: 0, syncMs });
    return new Log(clock, await clock.complete(Store.open({ disk, clock, sync: 'always' })));
  }

  private constructor(clock: SimClock, store: Store) {
    this.clock = clock;
    this.store = store;
    store.events = {
      written: (_partition, _sequence, _kind, buffer, start, end) => this.#written.push(buffer.subarray(start, end)),
      durable: () => {},
      failed: (error) => assert.unreachable(error.message),
    };
  }

  /** What `append` puts into the journal, as it travels. */
  async entries(append: (store: Store) => void): Promise<Buffer> {
    this.#written = [];
    append(this.store);
    await this.clock.complete(this.store.flushed());
    return Buffer.concat(this.#written);
  }

  async snapshot(partition: number): Promise<Buffer> {
    const snapshot = this.store.openSnapshot(partition);
    const parts: Buffer[] = [];
    for (;;) {
      const bytes = await this.clock.complete(snapshot.next());
      if (bytes === undefined) break;
      parts.push(bytes);
    }
    snapshot.close();
    return Buffer.concat(parts);
  }
}

/** A follower on a link whose other end is the test. */
export class FollowerStage {
  readonly clock: SimClock;
  readonly store: Store;
  readonly client: FollowClient;
  readonly sent: FollowerMessage[] = [];
  /** How often it has closed its link. */
  closed = 0;
  heardElsewhereMs = Number.NEGATIVE_INFINITY;
  #handler: LinkHandler<FollowerMessage, LeaderMessage> | undefined;

  constructor(
    clock: SimClock,
    store: Store,
    warn: (message: string) => void = (message) => assert.unreachable(message),
  ) {
    this.clock = clock;
    this.store = store;
    const transport: Transport = {
      dialFollow: (_address, _hello, handler) => {
        this.#handler = handler;
        return { close: () => this.closed++ };
      },
      dialForward: () => assert.unreachable() as never,
      serve: () => assert.unreachable() as never,
    };
    const events = {
      handover: () => {},
      mapChanged: () => {},
      broken: () => {},
      warn,
      heardElsewhereMs: () => this.heardElsewhereMs,
    };
    const address = 'leader:1';
    this.client = new FollowClient({ transport, clock, store, address, hello: hello('f'), timing, events });
    this.#open();
  }

  #open(): void {
    this.#handler?.opened?.({
      peer: hello('l'),
      send: (message) => this.sent.push(message),
      queuedBytes: 0,
      close: () => {},
    });
  }

  /** The link breaks, and is there again at once. */
  async breakLink(): Promise<void> {
    this.#handler?.closed({ kind: 'lost', why: 'broken' });
    this.#open();
    await this.clock.runFor(2 * syncMs);
  }

  receive(message: LeaderMessage): void {
    this.#handler?.received(message);
  }

  async follow(partition: number, epoch: number): Promise<void> {
    this.client.follow(partition, epoch);
    await this.clock.runFor(1);
    assert.is(this.sent.at(-1)?.kind, 'subscribe');
    this.receive({ kind: 'subscribed', partition, epoch });
  }

  /** The highest end acknowledged for a partition. */
  acknowledged(partition: number): number | undefined {
    const ends = this.sent.flatMap((message) => (message.kind === 'acknowledge' ? message.ends : []));
    return ends.filter((end) => end.partition === partition).at(-1)?.sequence;
  }
}
