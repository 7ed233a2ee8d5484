import { type FSWatcher, watch as watchFile } from 'node:fs';
import { type FileHandle, open as openFile, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../journal/base/clock.ts';
import { WindhoverError } from '../../journal/base/errors.ts';
import { makeFolder, syncFolder } from '../../journal/log/folders.ts';
import type { Directory, Listing, Versioned } from './directory.ts';
import { checkKey, checkValue } from './keys.ts';
import { LmdbFile, type Stored, type View } from './lmdb-file.ts';
import { type Snapshot, Watches } from './watches.ts';

/** What the machine's processes must agree on to judge a lease; tests put their own. */
export interface Machine {
  /** Milliseconds on a clock that all processes share and nobody sets: CLOCK_MONOTONIC. */
  nowMs(): number;
  /** Another one after every start of the machine, when that clock begins anew. */
  readonly bootId: string;
}

export interface LmdbDirectorySettings {
  /** A call that hasn't succeeded by then rejects, and may still take effect. */
  readonly timeoutMs: number;
  readonly machine: Machine;
}

interface Lease {
  readonly holder: string;
  readonly value: string;
  /** By {@link Machine.nowMs}. */
  readonly untilMs: number;
}

/** In the leases' file: the leases by key, and an entry that is written anew by what watches are to be told, so not by renewals. */
const leasePrefix = 'lease/';
const newsKey = 'news';

/** Between looks when the kernel tells us of changes, and when it won't (no more inotify instances): see docs/adr/0004. */
const toldIntervalMs = 500;
const untoldIntervalMs = 50;
const listingMaxAgeMs = 2000;

/**
 * The embedded directory, for all nodes of one machine: a folder with
 * - `map.mdb`: what is set by compare-and-swap, synced before anybody can see it; a version is the revision that set it;
 * - `leases-BOOT.mdb`: the leases, never synced, since none outlives the machine's start in which it was taken;
 * - `changed`: touched after every change, so that the kernel wakes those who watch.
 * The folder must be on a local file system, and its users share a kernel and its monotonic clock.
 */
export class LmdbDirectory implements Directory {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #settings: LmdbDirectorySettings;
  readonly #map: LmdbFile;
  readonly #leases: LmdbFile;
  readonly #bell: Bell;
  readonly #watches: Watches;
  readonly #underWay = new Set<Promise<unknown>>();
  #closed = false;

  /** Makes the folder when it is missing. Rejects with `unavailable` when it can't be used. */
  static async open(
    folder: string,
    clock: Clock,
    settings: Partial<LmdbDirectorySettings> = {},
  ): Promise<LmdbDirectory> {
    try {
      const machine = settings.machine ?? (await thisMachine());
      await makeFolder(folder);
      await removeOldLeases(folder, machine.bootId);
      const map = await LmdbFile.open(join(folder, 'map.mdb'), 'synced');
      const leases = await LmdbFile.open(join(folder, leasesFile(machine.bootId)), 'none');
      const bell = await Bell.open(join(folder, 'changed'));
      await syncFolder(folder);
      return new LmdbDirectory(folder, clock, { timeoutMs: settings.timeoutMs ?? 1000, machine }, map, leases, bell);
    } catch (error) {
      throw unavailable(folder, error);
    }
  }

  private constructor(
    folder: string,
    clock: Clock,
    settings: LmdbDirectorySettings,
    map: LmdbFile,
    leases: LmdbFile,
    bell: Bell,
  ) {
    this.#folder = folder;
    this.#clock = clock;
    this.#settings = settings;
    this.#map = map;
    this.#leases = leases;
    this.#bell = bell;
    const store = { mark: async () => this.#mark(), snapshot: async (prefix: string) => this.#snapshot(prefix) };
    const intervalMs = bell.listen(() => this.#watches.poke()) ? toldIntervalMs : untoldIntervalMs;
    this.#watches = new Watches(store, clock, { intervalMs, listingMaxAgeMs });
  }

  async lease(key: string, holder: string, value: string, ttlMs: number): Promise<boolean> {
    checkKey(key);
    checkValue(value);
    const { taken, news } = await this.#change(this.#leases, (view) => {
      const nowMs = this.#settings.machine.nowMs();
      const before = liveLease(view.get(leasePrefix + key), nowMs);
      if (before !== undefined && before.holder !== holder) return { taken: false, news: false };
      const lease: Lease = { holder, value, untilMs: nowMs + ttlMs };
      if (ttlMs > 0) view.put(leasePrefix + key, JSON.stringify(lease));
      else if (before !== undefined) view.remove(leasePrefix + key);
      const news = ttlMs > 0 ? before?.value !== value : before !== undefined;
      if (news) view.put(newsKey, '');
      return { taken: true, news };
    });
    if (news) this.#bell.ring();
    return taken;
  }

  async read(key: string): Promise<Versioned | undefined> {
    checkKey(key);
    this.#checkOpen();
    try {
      const swapped = this.#map.get(key);
      if (swapped !== undefined) return { key, ...swapped };
      const lease = liveLease(this.#leases.get(leasePrefix + key), this.#settings.machine.nowMs());
      return lease && { key, value: lease.value, version: 0 };
    } catch (error) {
      throw unavailable(this.#folder, error);
    }
  }

  async compareAndSwap(key: string, expectedVersion: number, value: string): Promise<number | undefined> {
    checkKey(key);
    checkValue(value);
    const version = await this.#change(this.#map, (view) =>
      (view.get(key)?.version ?? 0) === expectedVersion ? view.put(key, value) : undefined,
    );
    if (version !== undefined) this.#bell.ring();
    return version;
  }

  async list(prefix: string): Promise<Listing> {
    return this.#snapshot(prefix).listing;
  }

  watch(prefix: string, changed: (listing: Listing) => void, failed: (error: unknown) => void): { close(): void } {
    this.#checkOpen();
    return this.#watches.add(prefix, changed, failed);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#watches.close();
    await this.#bell.close();
    const idle = this.#inTime(Promise.all(this.#underWay)).then(
      () => true,
      () => false,
    );
    // A file that still waits for its lock stays open: lmdb can't close under its own thread.
    if (await idle) await Promise.all([this.#map.close(), this.#leases.close()]);
  }

  #mark(): string {
    this.#checkOpen();
    return `${this.#map.counter()} ${this.#leases.get(newsKey)?.version}`;
  }

  /** Of one moment, though there are two files: no lease changed from before the map was read until after. */
  #snapshot(prefix: string): Snapshot {
    this.#checkOpen();
    try {
      for (;;) {
        const leases = this.#leases.list(leasePrefix + prefix);
        const map = this.#map.list(prefix);
        if (this.#leases.counter() !== leases.counter) continue;
        return merge(map.counter, map.entries, leases.entries, this.#settings.machine.nowMs());
      }
    } catch (error) {
      throw unavailable(this.#folder, error);
    }
  }

  /** Rejects after `timeoutMs`: a change waits for as long as another process, stopped at the wrong moment, holds the file's lock. */
  async #change<T>(file: LmdbFile, decide: (view: View) => T): Promise<T> {
    this.#checkOpen();
    let wanted = true;
    const change = file.change(decide, () => wanted);
    const settled: Promise<void> = change.then(ignore, ignore);
    this.#underWay.add(settled);
    void settled.then(() => this.#underWay.delete(settled));
    try {
      return await this.#inTime(change);
    } catch (error) {
      wanted = false;
      throw unavailable(this.#folder, error);
    }
  }

  #inTime<T>(promise: Promise<T>): Promise<T> {
    const { timeoutMs } = this.#settings;
    return new Promise<T>((resolve, reject) => {
      const late = () => reject(new Error(`no answer for ${timeoutMs} ms; perhaps a stopped process holds its lock`));
      const timer = this.#clock.schedule(timeoutMs, late);
      promise.then(resolve, reject).finally(() => timer.cancel());
    });
  }

  #checkOpen(): void {
    if (this.#closed) throw new WindhoverError('closed', `The directory in ${this.#folder} was closed.`);
  }
}

/** A file that is written to so that the kernel (inotify) tells everybody who listens. */
class Bell {
  readonly #path: string;
  readonly #file: FileHandle;
  #listener: FSWatcher | undefined;

  static async open(path: string): Promise<Bell> {
    return new Bell(path, await openFile(path, 'a'));
  }

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  /** Without promise: those who weren't told look by themselves, a little later. */
  ring(): void {
    const now = new Date();
    this.#file.utimes(now, now).catch(ignore);
  }

  /** False when the kernel has no more watches to give. */
  listen(heard: () => void): boolean {
    try {
      this.#listener = watchFile(this.#path, { persistent: false }, heard);
      this.#listener.on('error', ignore);
      return true;
    } catch {
      return false;
    }
  }

  async close(): Promise<void> {
    this.#listener?.close();
    await this.#file.close();
  }
}

function liveLease(stored: Stored | undefined, nowMs: number): Lease | undefined {
  if (stored === undefined) return undefined;
  const lease = JSON.parse(stored.value) as Lease; // Written by nobody but `lease` above, and never read after a crash of the machine.
  return lease.untilMs > nowMs ? lease : undefined;
}

function merge(
  revision: number,
  swapped: readonly Versioned[],
  leases: readonly (Stored & { readonly key: string })[],
  nowMs: number,
): Snapshot {
  let expiresInMs = Number.POSITIVE_INFINITY;
  const entries = [...swapped];
  for (const stored of leases) {
    const lease = liveLease(stored, nowMs);
    if (lease === undefined) continue;
    entries.push({ key: stored.key.slice(leasePrefix.length), value: lease.value, version: 0 });
    expiresInMs = Math.min(expiresInMs, lease.untilMs - nowMs);
  }
  entries.sort((a, b) => (a.key < b.key ? -1 : 1));
  return { listing: { revision, entries }, expiresInMs };
}

async function thisMachine(): Promise<Machine> {
  const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'latin1')).trim();
  return { nowMs: () => Number(process.hrtime.bigint()) / 1e6, bootId };
}

function leasesFile(bootId: string): string {
  return `leases-${bootId}.mdb`;
}

/** Those of earlier starts of the machine, which nobody has open; they may be damaged, too. */
async function removeOldLeases(folder: string, bootId: string): Promise<void> {
  const current = leasesFile(bootId);
  for (const name of await readdir(folder)) {
    if (name.startsWith('leases-') && !name.startsWith(current)) await rm(join(folder, name), { force: true });
  }
}

function unavailable(folder: string, error: unknown): WindhoverError {
  if (error instanceof WindhoverError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new WindhoverError('unavailable', `The directory in ${folder} can't be used: ${reason}`, { cause: error });
}

function ignore(): void {}
