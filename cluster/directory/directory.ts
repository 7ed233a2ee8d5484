/** A key with its value. `version` grows with every change of the key and is never used twice; leases have version 0. */
export interface Versioned {
  readonly key: string;
  readonly value: string;
  readonly version: number;
}

/** Everything under a prefix at one moment. `revision` grows with every compare-and-swap in the whole directory, never with a lease. */
export interface Listing {
  readonly revision: number;
  readonly entries: readonly Versioned[];
}

/**
 * The small linearizable store that holds the leases and the partition map. Values are short JSON texts. Every call may
 * reject with a WindhoverError `unavailable`; then it may or may not have taken effect.
 */
export interface Directory {
  /**
   * Takes or renews the lease on `key` for `holder`, with `value` to be listed by all, for `ttlMs` from about now;
   * false when another holder has it. `ttlMs` 0 gives up what `holder` has. A lease that ran out is not listed and
   * may be taken by anybody. Several leases of different keys are independent. The caller counts its own deadline.
   */
  lease(key: string, holder: string, value: string, ttlMs: number): Promise<boolean>;
  /** The key's present value; undefined when there is none or its lease ran out. */
  read(key: string): Promise<Versioned | undefined>;
  /** Sets `key` if its version is still `expectedVersion` (0: it must not exist); gives the new version, or undefined when it lost. */
  compareAndSwap(key: string, expectedVersion: number, value: string): Promise<number | undefined>;
  /** All keys that begin with `prefix`, sorted, leases included. */
  list(prefix: string): Promise<Listing>;
  /** Calls `changed` with the listing soon after each change under `prefix` (several changes may come as one), and once at the start. Errors are passed to `failed`; the watch goes on by itself. */
  watch(prefix: string, changed: (listing: Listing) => void, failed: (error: unknown) => void): { close(): void };
  /** Ends all watches and connections. */
  close(): Promise<void>;
}
