import type { Clock, Timer } from '../../journal/base/clock.ts';
import { WindhoverError } from '../../journal/base/errors.ts';
import type { Directory, Listing, Versioned } from '../directory/directory.ts';
import { checkKey, checkValue } from '../directory/keys.ts';
import { listingsDiffer } from '../directory/watches.ts';

/** Delays in milliseconds, each drawn evenly from between the two. */
export interface SimDirectorySettings {
  /** One way, of a call or its answer. */
  readonly latencyMs: readonly [number, number];
  /** From a change until a watch looks. */
  readonly watchDelayMs: readonly [number, number];
  /** After which a call without an answer rejects. */
  readonly timeoutMs: number;
}

interface Lease {
  readonly holder: string;
  readonly value: string;
  readonly untilMs: number;
}

const defaults: SimDirectorySettings = { latencyMs: [0.2, 2], watchDelayMs: [1, 50], timeoutMs: 1000 };

/**
 * One directory in memory for a whole simulated cluster, linearizable like the real ones: a call takes effect at one
 * moment between its start and its answer. Everything that happens follows from the clock, `random` and the calls.
 * Each node has its own view, which can be cut off.
 */
export class SimDirectory {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #settings: SimDirectorySettings;
  /** Every compare-and-swap that won, oldest first. Invariant: versions ascend, and the last one is the revision. */
  #writes: Versioned[] = [];
  /** What the writes come to. */
  #entries = new Map<string, Versioned>();
  readonly #leases = new Map<string, Lease>();
  readonly #views = new Set<SimView>();
  readonly #cut = new Set<string>();

  /** `random` gives numbers from 0 to below 1. */
  constructor(clock: Clock, random: () => number, settings: Partial<SimDirectorySettings> = {}) {
    this.#clock = clock;
    this.#random = random;
    this.#settings = { ...defaults, ...settings };
  }

  /**
   * A directory client for `node`; a node that starts again takes a new one. What happens at the node (answers, timeouts,
   * watches) goes by its own `clock`, which may stand still for a while.
   */
  connect(node: string, clock: Clock = this.#clock): Directory {
    const view = new SimView(this, node, { there: this.#clock, back: clock }, this.#settings);
    this.#views.add(view);
    return view;
  }

  /** From now on nothing gets through between `node` and the directory; what is under way one way or the other is lost. */
  cut(node: string): void {
    this.#cut.add(node);
    for (const view of this.#views) if (view.node === node) view.look();
  }

  heal(node: string): void {
    this.#cut.delete(node);
    for (const view of this.#views) if (view.node === node) view.look();
  }

  /** The node's process died: its calls are never answered and its watches see nothing more, but its leases stay. */
  crash(node: string): void {
    for (const view of this.#views) if (view.node === node) view.die();
  }

  /** Loses the last `count` compare-and-swaps, and with them their versions; leases stay. */
  rollback(count: number): void {
    this.#writes = this.#writes.slice(0, Math.max(0, this.#writes.length - count));
    this.#entries = new Map(this.#writes.map((write) => [write.key, write]));
    this.#changed();
  }

  /** Loses everything, leases too, as if made anew. */
  empty(): void {
    this.#leases.clear();
    this.rollback(this.#writes.length);
  }

  /** What a listing would give now; for checkers, without delay. */
  peek(prefix: string): Listing {
    const entries = [...this.#entries.values()];
    for (const [key, lease] of this.#leases) {
      if (this.#holds(lease)) entries.push({ key, value: lease.value, version: 0 });
    }
    const listed = entries.filter((entry) => entry.key.startsWith(prefix));
    return { revision: this.#revision(), entries: listed.sort((a, b) => (a.key < b.key ? -1 : 1)) };
  }

  /** For views. */
  isCut(node: string): boolean {
    return this.#cut.has(node);
  }

  /** For views: a delay from `range`. */
  draw(range: readonly [number, number]): number {
    return range[0] + this.#random() * (range[1] - range[0]);
  }

  /** For views. */
  forget(view: SimView): void {
    this.#views.delete(view);
  }

  /** For views: takes effect now. */
  lease(key: string, holder: string, value: string, ttlMs: number): boolean {
    const held = this.#leases.get(key);
    const live = held !== undefined && this.#holds(held);
    if (live && held.holder !== holder) return false;
    if (ttlMs > 0) {
      const lease = { holder, value, untilMs: this.#clock.monotonicMs() + ttlMs };
      this.#leases.set(key, lease);
      this.#clock.schedule(ttlMs, () => this.#ranOut(key, lease));
    } else {
      this.#leases.delete(key);
    }
    if (live !== ttlMs > 0 || (live && held.value !== value)) this.#changed();
    return true;
  }

  /** For views: takes effect now. */
  compareAndSwap(key: string, expectedVersion: number, value: string): number | undefined {
    if ((this.#entries.get(key)?.version ?? 0) !== expectedVersion) return undefined;
    const write = { key, value, version: this.#revision() + 1 };
    this.#writes.push(write);
    this.#entries.set(key, write);
    this.#changed();
    return write.version;
  }

  #revision(): number {
    return this.#writes.at(-1)?.version ?? 0;
  }

  #ranOut(key: string, lease: Lease): void {
    if (this.#leases.get(key) !== lease) return; // Renewed, or given up.
    this.#leases.delete(key);
    this.#changed();
  }

  #holds(lease: Lease): boolean {
    return lease.untilMs > this.#clock.monotonicMs();
  }

  #changed(): void {
    for (const view of this.#views) view.look();
  }
}

interface Watch {
  readonly prefix: string;
  readonly changed: (listing: Listing) => void;
  readonly failed: (error: unknown) => void;
  shown: Listing | undefined;
  look: Timer | undefined;
  outage: boolean;
}

/** One node's client. */
class SimView implements Directory {
  readonly node: string;
  readonly #shared: SimDirectory;
  /** Where messages that go this way arrive. */
  readonly #clocks: { readonly there: Clock; readonly back: Clock };
  readonly #settings: SimDirectorySettings;
  readonly #watches = new Set<Watch>();
  readonly #underWay = new Set<(error: WindhoverError) => void>();
  /** When the last message arrives each way: none overtakes another. */
  readonly #lastArrivalMs = { there: 0, back: 0 };
  #state: 'open' | 'closed' | 'dead' = 'open';

  constructor(
    shared: SimDirectory,
    node: string,
    clocks: { there: Clock; back: Clock },
    settings: SimDirectorySettings,
  ) {
    this.#shared = shared;
    this.node = node;
    this.#clocks = clocks;
    this.#settings = settings;
  }

  lease(key: string, holder: string, value: string, ttlMs: number): Promise<boolean> {
    checkKey(key);
    checkValue(value);
    return this.#call(() => this.#shared.lease(key, holder, value, ttlMs));
  }

  read(key: string): Promise<Versioned | undefined> {
    checkKey(key);
    return this.#call(() => this.#shared.peek(key).entries.find((entry) => entry.key === key));
  }

  compareAndSwap(key: string, expectedVersion: number, value: string): Promise<number | undefined> {
    checkKey(key);
    checkValue(value);
    return this.#call(() => this.#shared.compareAndSwap(key, expectedVersion, value));
  }

  list(prefix: string): Promise<Listing> {
    return this.#call(() => this.#shared.peek(prefix));
  }

  watch(prefix: string, changed: (listing: Listing) => void, failed: (error: unknown) => void): { close(): void } {
    if (this.#state === 'closed') throw this.#closedError();
    const watch: Watch = { prefix, changed, failed, shown: undefined, look: undefined, outage: false };
    if (this.#state === 'dead') return { close() {} };
    this.#watches.add(watch);
    this.#lookSoon(watch);
    return { close: () => this.#unwatch(watch) };
  }

  async close(): Promise<void> {
    if (this.#state === 'open') this.#state = 'closed';
    this.#end();
    for (const fail of [...this.#underWay]) fail(this.#closedError());
  }

  /** Something changed, or the connection did. */
  look(): void {
    for (const watch of this.#watches) this.#lookSoon(watch);
  }

  die(): void {
    this.#state = 'dead';
    this.#end();
  }

  #end(): void {
    for (const watch of this.#watches) this.#unwatch(watch);
    this.#shared.forget(this);
  }

  /** A call that has left takes effect whatever becomes of the node, unless the connection is cut when it arrives. */
  #call<T>(effect: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#state === 'dead') return;
      if (this.#state === 'closed') {
        reject(this.#closedError());
        return;
      }
      const timer = this.#clocks.back.schedule(this.#settings.timeoutMs, () => fail(this.#unavailable()));
      const settle = (): boolean => {
        timer.cancel();
        return this.#underWay.delete(fail) && this.#state !== 'dead';
      };
      const fail = (error: WindhoverError): void => {
        if (settle()) reject(error);
      };
      this.#underWay.add(fail);
      this.#pass('there', () => {
        const result = effect();
        this.#pass('back', () => {
          if (settle()) resolve(result);
        });
      });
    });
  }

  /** Over the network, one way. */
  #pass(way: 'there' | 'back', arrive: () => void): void {
    const delayMs = this.#shared.draw(this.#settings.latencyMs);
    if (this.#isCut()) return;
    const clock = this.#clocks[way];
    const nowMs = clock.monotonicMs();
    this.#lastArrivalMs[way] = Math.max(this.#lastArrivalMs[way], nowMs + delayMs);
    clock.schedule(this.#lastArrivalMs[way] - nowMs, () => {
      if (!this.#isCut()) arrive();
    });
  }

  #lookSoon(watch: Watch): void {
    if (watch.look !== undefined) return;
    const delayMs = this.#isCut() ? this.#settings.timeoutMs : this.#shared.draw(this.#settings.watchDelayMs);
    watch.look = this.#clocks.back.schedule(delayMs, () => {
      watch.look = undefined;
      this.#lookNow(watch);
    });
  }

  #lookNow(watch: Watch): void {
    if (this.#isCut()) {
      if (!watch.outage) watch.failed(this.#unavailable());
      watch.outage = true;
      return;
    }
    const listing = this.#shared.peek(watch.prefix);
    const news = watch.outage || watch.shown === undefined || listingsDiffer(watch.shown, listing);
    watch.shown = listing;
    watch.outage = false;
    if (news) watch.changed(listing);
  }

  #unwatch(watch: Watch): void {
    watch.look?.cancel();
    this.#watches.delete(watch);
  }

  #isCut(): boolean {
    return this.#shared.isCut(this.node);
  }

  #unavailable(): WindhoverError {
    return new WindhoverError('unavailable', `The directory can't be reached from ${this.node}.`);
  }

  #closedError(): WindhoverError {
    return new WindhoverError('closed', `The directory client of ${this.node} was closed.`);
  }
}
