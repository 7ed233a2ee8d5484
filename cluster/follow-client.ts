import type { Clock, Timer } from '../journal/base/clock.ts';
import { WindhoverError } from '../journal/base/errors.ts';
import { entryBytes, entryEpoch, entryKind, entryPartition } from '../journal/log/entry.ts';
import { kinds } from '../journal/store/entries.ts';
import type { Store } from '../journal/store/store.ts';
import type { FollowerMessage, Hello, LeaderMessage, LogEnd } from './messages.ts';
import type { Link, Transport } from './transport.ts';

/** What the follower's end of a link reports. */
export interface FollowClientEvents {
  handover(message: Extract<LeaderMessage, { kind: 'handover' }>): void;
  mapChanged(message: Extract<LeaderMessage, { kind: 'mapChanged' }>): void;
  /** The link broke, or nobody listens: whoever suspects the leader looks at `suspicion`. */
  broken(): void;
  warn(message: string): void;
  /** When the leader was last heard over its own link to this node, on which it follows; it need not beat on both. */
  heardElsewhereMs(): number;
}

export interface FollowTiming {
  /** Something is sent so often. A leader sends nothing for that alone on the links of those that it follows itself. */
  readonly heartbeatMs: number;
  /** A peer silent for so long is taken for hung. */
  readonly hangMs: number;
  readonly redialMs: number;
}

/** After what came could not be taken, as on a full disk, it is not asked for again at once. */
const refusedMs = 1000;

/**
 * While a snapshot comes in, what finds no room waits for some, so long without any: it comes faster than it can be
 * settled, and to begin anew each time the journal is full would not end.
 */
const patienceMs = 2000;
const retryMs = 20;

interface Subscription {
  /** Epoch of the leader subscribed to: entries above it are refused. */
  readonly epoch: number;
  /** `asked`: what arrives belongs to an earlier subscription and is ignored. */
  state: 'asked' | 'open';
  acknowledged: number;
  /** That of the replica which the leader was told of. */
  damage: WindhoverError | undefined;
  /** Nothing is acknowledged before so many bytes of this link are durable: then a log that was thrown away is gone. */
  fromBytes: number;
}

/**
 * The follower's end of the one link to a leader node: dials and redials, subscribes, puts what arrives in the journal,
 * and acknowledges what is durable.
 */
export class FollowClient {
  /** Where the leader listens to peers. */
  readonly address: string;
  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #store: Store;
  readonly #hello: Hello;
  readonly #timing: FollowTiming;
  readonly #events: FollowClientEvents;
  readonly #subscriptions = new Map<number, Subscription>();
  #link: Link<FollowerMessage> | undefined;
  #dial: { close(): void } | undefined;
  #lastHeardMs: number;
  #lastSentMs = 0;
  #unreachable = false;
  #redialAtMs = 0;
  /** What came on this link and was put in the journal, or was not ours to take. */
  #takenBytes = 0;
  /** What came and waits for room, oldest first. The leader sends no more than its window before that is durable. */
  #waiting: LeaderMessage[] = [];
  #retry: Timer | undefined;
  #lastTakenMs = 0;
  /** This link is being closed: nothing more is taken from it. */
  #isGivenUp = false;
  #acknowledgedBytes = 0;
  #acknowledging = false;
  #closed = false;

  constructor(options: {
    transport: Transport;
    clock: Clock;
    store: Store;
    address: string;
    hello: Hello;
    timing: FollowTiming;
    events: FollowClientEvents;
  }) {
    this.#transport = options.transport;
    this.#clock = options.clock;
    this.#store = options.store;
    this.address = options.address;
    this.#hello = options.hello;
    this.#timing = options.timing;
    this.#events = options.events;
    this.#lastHeardMs = this.#clock.monotonicMs();
    this.#connect();
  }

  /** Why the peer may be dead: nobody listens there, or it has been silent for too long. */
  get suspicion(): 'none' | 'unreachable' | 'hung' {
    if (this.#unreachable) return 'unreachable';
    return this.#isSilent() ? 'hung' : 'none';
  }

  /** There is a link, and something to be pulled over it. */
  get isPulling(): boolean {
    return this.#link !== undefined && this.subscribed > 0;
  }

  #isSilent(): boolean {
    const heardMs = Math.max(this.#lastHeardMs, this.#events.heardElsewhereMs());
    return this.#clock.monotonicMs() - heardMs > this.#timing.hangMs;
  }

  get subscribed(): number {
    return this.#subscriptions.size;
  }

  /** Pulls a partition from this leader; again and again after a broken link, until `unfollow`. */
  follow(partition: number, epoch: number): void {
    if (this.#subscriptions.get(partition)?.epoch === epoch) return;
    const subscription: Subscription = { epoch, state: 'asked', acknowledged: 0, fromBytes: 0, damage: undefined };
    this.#subscriptions.set(partition, subscription);
    if (this.#link !== undefined) this.#subscribe(partition, subscription);
  }

  /** From this call on nothing of the partition is taken from this leader. */
  unfollow(partition: number): void {
    if (this.#subscriptions.delete(partition)) this.#send({ kind: 'unsubscribe', partition });
  }

  handoverReady(partition: number, epoch: number): void {
    this.#send({ kind: 'handoverReady', partition, epoch });
  }

  tick(): void {
    const nowMs = this.#clock.monotonicMs();
    if (this.#dial === undefined && nowMs >= this.#redialAtMs) this.#connect();
    if (this.#link === undefined) return;
    if (nowMs - this.#lastSentMs >= this.#timing.heartbeatMs) this.#send({ kind: 'heartbeat' });
    if (this.#isSilent()) this.#dial?.close();
    for (const [partition, subscription] of this.#subscriptions) this.#tellDamage(partition, subscription);
  }

  /**
   * A replica that can't be read any more is fetched anew, as one whose log is not the leader's. Not while an answer is
   * due: that would be taken for the answer to this.
   */
  #tellDamage(partition: number, subscription: Subscription): void {
    const { damage } = this.#store.replica(partition);
    if (damage === undefined || damage === subscription.damage || subscription.state === 'asked') return;
    this.#events.warn(`partition ${partition} is damaged here, and is fetched anew: ${damage.message}`);
    subscription.damage = damage;
    subscription.state = 'asked';
    this.#subscribe(partition, subscription);
  }

  close(): void {
    this.#closed = true;
    this.#subscriptions.clear();
    this.#waitNoMore();
    this.#dial?.close();
  }

  #connect(): void {
    if (this.#closed) return;
    this.#takenBytes = 0;
    this.#acknowledgedBytes = 0;
    this.#isGivenUp = false;
    this.#dial = this.#transport.dialFollow(this.address, this.#hello, {
      opened: (link) => this.#opened(link),
      received: (message) => this.#received(message),
      closed: (reason) => this.#ended(reason.kind, reason.why),
    });
  }

  #opened(link: Link<FollowerMessage>): void {
    this.#link = link;
    this.#lastHeardMs = this.#clock.monotonicMs();
    this.#unreachable = false;
    for (const [partition, subscription] of this.#subscriptions) this.#subscribe(partition, subscription);
  }

  #ended(kind: 'refused' | 'unreachable' | 'lost' | 'ended', why: string): void {
    this.#link = undefined;
    this.#dial = undefined;
    this.#waitNoMore();
    if (this.#closed) return;
    for (const subscription of this.#subscriptions.values()) subscription.state = 'asked';
    if (kind === 'refused') this.#events.warn(`${this.address} refused to be followed: ${why}`);
    this.#unreachable = kind === 'unreachable';
    // A broken link is tried again at once: whether anybody still listens tells a crash from a mishap.
    this.#redialAtMs = this.#clock.monotonicMs() + (kind === 'ended' ? refusedMs : this.#timing.redialMs);
    if (kind === 'lost') this.#connect();
    this.#events.broken();
  }

  /** Tells the leader where our log ends: only once that end is durable, for it counts as acknowledged. */
  #subscribe(partition: number, subscription: Subscription): void {
    const link = this.#link;
    this.#store.flushed().then(
      () => {
        if (link !== this.#link || this.#subscriptions.get(partition) !== subscription) return;
        const replica = this.#store.replica(partition);
        const whole = replica.state === 'whole';
        // What came of a snapshot that was cut off counts for nothing, and a log could not follow it.
        if (!whole && this.#store.room !== 'none') this.#store.dropReplica(partition);
        subscription.acknowledged = whole ? replica.lastSequence : 0;
        subscription.fromBytes = 0;
        subscription.damage = replica.damage;
        this.#send({
          kind: 'subscribe',
          partition,
          epoch: subscription.epoch,
          lastSequence: subscription.acknowledged,
          // No log has entries of epoch 0: that of a damaged replica is to be replaced.
          lastEpoch: whole && replica.damage === undefined ? replica.lastEpoch : 0,
        });
      },
      () => {
        // The journal has failed: the node is giving up everything it does.
      },
    );
  }

  #send(message: FollowerMessage): void {
    this.#lastSentMs = this.#clock.monotonicMs();
    this.#link?.send(message);
  }

  #received(message: LeaderMessage): void {
    this.#lastHeardMs = this.#clock.monotonicMs();
    if (this.#waiting.length > 0) {
      this.#waiting.push(message);
      return;
    }
    this.#lastTakenMs = this.#lastHeardMs;
    if (!this.#isGivenUp) this.#take(message);
  }

  #take(message: LeaderMessage): void {
    switch (message.kind) {
      case 'heartbeat':
        return;
      case 'subscribed':
        return this.#subscriptionOpened(message.partition, message.epoch);
      case 'refused':
        if (this.#subscriptions.get(message.partition)?.epoch === message.epoch)
          this.#subscriptions.delete(message.partition);
        return;
      case 'entries':
        return this.#entries(message.bytes);
      case 'handover':
        return this.#events.handover(message);
      case 'mapChanged':
        return this.#events.mapChanged(message);
    }
  }

  #subscriptionOpened(partition: number, epoch: number): void {
    const subscription = this.#subscriptions.get(partition);
    if (subscription === undefined || subscription.epoch !== epoch) return;
    subscription.state = 'open';
    this.#acknowledge();
  }

  #entries(bytes: Buffer): void {
    let taken = 0;
    try {
      taken = this.#append(bytes);
    } catch (error) {
      return this.#giveUp(WindhoverError.from(error, `entries from ${this.address}`).message);
    }
    this.#takenBytes += taken;
    if (taken > 0) this.#lastTakenMs = this.#clock.monotonicMs();
    if (taken < bytes.length) this.#wait(bytes.subarray(taken));
    this.#acknowledge();
  }

  /**
   * Takes the stretches that belong to open subscriptions; the rest is of a leader we no longer follow. Gives how many
   * bytes were dealt with: fewer than all for want of room.
   */
  #append(bytes: Buffer): number {
    let from = 0;
    let at = 0;
    while (at < bytes.length) {
      const end = at + entryBytes(bytes, at);
      if (end > bytes.length) throw new WindhoverError('corrupt', 'a message ends in the middle of an entry');
      if (!this.#accepts(bytes, at)) {
        const taken = this.#store.appendRun(bytes.subarray(from, at));
        if (from + taken < at) return from + taken;
        from = end;
      }
      at = end;
    }
    return from + this.#store.appendRun(bytes.subarray(from));
  }

  #wait(rest: Buffer): void {
    const isFilled = [...this.#subscriptions.values()].some(({ acknowledged }) => acknowledged < 0);
    const waitedMs = this.#clock.monotonicMs() - this.#lastTakenMs;
    if (!isFilled || waitedMs >= patienceMs) return this.#giveUp(`no room for entries from ${this.address}`);
    this.#waiting.unshift({ kind: 'entries', bytes: rest });
    this.#retry = this.#clock.schedule(retryMs, () => this.#takeWaiting());
  }

  #takeWaiting(): void {
    this.#retry = undefined;
    const messages = this.#waiting;
    this.#waiting = [];
    for (let message = messages.shift(); message !== undefined && !this.#isGivenUp; message = messages.shift()) {
      this.#take(message);
      if (this.#waiting.length === 0) continue;
      for (const left of messages) this.#waiting.push(left);
      return;
    }
  }

  #waitNoMore(): void {
    this.#retry?.cancel();
    this.#retry = undefined;
    this.#waiting = [];
  }

  #giveUp(why: string): void {
    this.#events.warn(why);
    this.#isGivenUp = true;
    this.#dial?.close();
  }

  #accepts(bytes: Buffer, at: number): boolean {
    const subscription = this.#subscriptions.get(entryPartition(bytes, at));
    if (subscription === undefined || subscription.state !== 'open') return false;
    if (entryEpoch(bytes, at) > subscription.epoch) return false;
    if (entryKind(bytes, at) === kinds.snapshotBegun) {
      // What this replica has had until now counts for nothing any more, and must not be acknowledged meanwhile.
      subscription.acknowledged = -1;
      subscription.fromBytes = this.#takenBytes + at + entryBytes(bytes, at);
    }
    return true;
  }

  /** Acknowledges, after each sync, what it has made durable; one waits for the sync at a time, so it's bounded. */
  #acknowledge(): void {
    if (this.#acknowledging) return;
    this.#acknowledging = true;
    const link = this.#link;
    const takenBytes = this.#takenBytes;
    this.#store.flushed().then(
      () => {
        this.#acknowledging = false;
        if (link === undefined || link !== this.#link) {
          if (this.#link !== undefined) this.#acknowledge();
          return;
        }
        this.#sendAcknowledge(takenBytes);
        if (this.#takenBytes > takenBytes) this.#acknowledge();
      },
      () => {
        // The journal has failed: the node gives up everything it does, nothing will be acknowledged again.
        this.#acknowledging = false;
      },
    );
  }

  #sendAcknowledge(durableBytes: number): void {
    const ends: LogEnd[] = [];
    for (const [partition, subscription] of this.#subscriptions) {
      const replica = this.#store.replica(partition);
      if (subscription.state !== 'open' || replica.state !== 'whole' || durableBytes < subscription.fromBytes) continue;
      if (replica.durableSequence === subscription.acknowledged) continue;
      subscription.acknowledged = replica.durableSequence;
      ends.push({ partition, epoch: subscription.epoch, sequence: replica.durableSequence });
    }
    if (ends.length === 0 && durableBytes === this.#acknowledgedBytes) return;
    this.#acknowledgedBytes = durableBytes;
    this.#send({ kind: 'acknowledge', ends, durableBytes });
  }
}
