import type { Clock, Timer } from '../../journal/base/clock.ts';
import type { Listing } from './directory.ts';

/** A listing, and in how many milliseconds the first of its leases runs out unless it is renewed (Infinity: none will). */
export interface Snapshot {
  readonly listing: Listing;
  readonly expiresInMs: number;
}

/** What {@link Watches} asks of a directory. */
export interface WatchedStore {
  /** Differs from an earlier one if anything, anywhere, was changed since by a call; a lease that ran out needn't show. Cheap. */
  mark(): Promise<string>;
  snapshot(prefix: string): Promise<Snapshot>;
}

/** How often to look. */
export interface WatchTiming {
  /** Between two looks at the mark, unless poked. */
  readonly intervalMs: number;
  /** A listing this old is fetched again whatever the mark says: a directory that was restored may show an old mark. */
  readonly listingMaxAgeMs: number;
}

interface Watch {
  readonly prefix: string;
  readonly changed: (listing: Listing) => void;
  readonly failed: (error: unknown) => void;
  /** What `changed` was last called with. */
  shown: Listing | undefined;
  /** The mark before the listing was fetched, so that what came in between is seen at the next look. */
  mark: string | undefined;
  /** By the monotonic clock: fetch again, changed or not. */
  staleAtMs: number;
  /** Since the last listing: `failed` has been told, and `changed` will be told of the recovery. */
  outage: boolean;
}

/**
 * The watches of one directory client, by looking at a mark now and then, and listing and comparing when it moved or a
 * lease may have run out. `failed` is called once for each outage, and `changed` at its end even if nothing changed.
 */
export class Watches {
  readonly #store: WatchedStore;
  readonly #clock: Clock;
  readonly #timing: WatchTiming;
  readonly #watches = new Set<Watch>();
  #timer: Timer | undefined;
  #looking = false;
  #poked = false;

  constructor(store: WatchedStore, clock: Clock, timing: WatchTiming) {
    this.#store = store;
    this.#clock = clock;
    this.#timing = timing;
  }

  /** See `Directory.watch`. */
  add(prefix: string, changed: (listing: Listing) => void, failed: (error: unknown) => void): { close(): void } {
    const watch: Watch = { prefix, changed, failed, shown: undefined, mark: undefined, staleAtMs: 0, outage: false };
    this.#watches.add(watch);
    this.poke();
    return { close: () => this.#remove(watch) };
  }

  /** Something may have changed: look now, or again at the end of the look that is under way. */
  poke(): void {
    if (this.#watches.size === 0) return;
    this.#poked = true;
    if (!this.#looking) void this.#look();
  }

  /** Ends all watches; nothing is called afterwards. */
  close(): void {
    for (const watch of this.#watches) this.#remove(watch);
  }

  #remove(watch: Watch): void {
    this.#watches.delete(watch);
    if (this.#watches.size === 0) this.#timer?.cancel();
  }

  /** Callbacks are called outside of any `try`, so that an exception in one ends the process as it should. */
  async #look(): Promise<void> {
    this.#timer?.cancel();
    this.#looking = true;
    while (this.#poked) {
      this.#poked = false;
      const mark = await settled(this.#store.mark());
      for (const watch of [...this.#watches]) {
        if ('error' in mark) this.#failed(watch, mark.error);
        else await this.#refresh(watch, mark.value);
      }
    }
    this.#looking = false;
    if (this.#watches.size > 0) this.#timer = this.#clock.schedule(this.#pauseMs(), () => this.poke());
  }

  async #refresh(watch: Watch, mark: string): Promise<void> {
    if (watch.mark === mark && !watch.outage && this.#clock.monotonicMs() < watch.staleAtMs) return;
    const snapshot = await settled(this.#store.snapshot(watch.prefix));
    if (!this.#watches.has(watch)) return;
    if ('error' in snapshot) {
      this.#failed(watch, snapshot.error);
      return;
    }
    const { listing, expiresInMs } = snapshot.value;
    watch.mark = mark;
    watch.staleAtMs = this.#clock.monotonicMs() + Math.min(expiresInMs, this.#timing.listingMaxAgeMs);
    const news = watch.outage || watch.shown === undefined || listingsDiffer(watch.shown, listing);
    watch.outage = false;
    watch.shown = listing;
    if (news) watch.changed(listing);
  }

  #failed(watch: Watch, error: unknown): void {
    if (watch.outage || !this.#watches.has(watch)) return;
    watch.outage = true;
    watch.failed(error);
  }

  #pauseMs(): number {
    let pauseMs = this.#timing.intervalMs;
    const nowMs = this.#clock.monotonicMs();
    for (const watch of this.#watches) {
      if (!watch.outage) pauseMs = Math.min(pauseMs, watch.staleAtMs - nowMs);
    }
    return Math.max(1, pauseMs);
  }
}

/** A revision that went back is news too: the directory has lost writes. */
export function listingsDiffer(before: Listing, after: Listing): boolean {
  if (after.revision < before.revision || before.entries.length !== after.entries.length) return true;
  return before.entries.some((entry, i) => {
    const other = after.entries[i];
    return other?.key !== entry.key || other.version !== entry.version || other.value !== entry.value;
  });
}

async function settled<T>(promise: Promise<T>): Promise<{ readonly value: T } | { readonly error: unknown }> {
  try {
    return { value: await promise };
  } catch (error) {
    return { error };
  }
}
