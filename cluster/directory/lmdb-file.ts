import { access, link, open as openFile, rm } from 'node:fs/promises';
import { open, type RootDatabase } from 'lmdb';
import { assert } from '../../journal/base/assert.ts';

export type Durability = 'synced' | 'none';

/** A key's value, and the file's counter at the change that wrote it. */
export interface Stored {
  readonly value: string;
  readonly version: number;
}

/** What a decision sees and does: one consistent state of the file, with its own changes and those decided just before it. */
export interface View {
  get(key: string): Stored | undefined;
  /** Gives the new version. */
  put(key: string, value: string): number;
  remove(key: string): void;
}

interface Change {
  /** Decides once more, on a newer state; returns how to tell the caller. */
  decide(view: View): () => void;
  wanted(): boolean;
  fail(error: unknown): void;
}

/**
 * Taken on the disk when the file is made, all that it will ever need: lmdb-js 3.5 corrupts the process's memory when the
 * disk is full as it commits. A partition takes some 300 bytes, and lmdb keeps a few copies of what changes.
 */
const roomBytes = 4 * 1024 * 1024;

/**
 * More than lmdb needs for its lock. Left to itself it maps a file that is all hole, and where the disk is full a write to
 * that ends the process (SIGBUS), without a word.
 */
const lockBytes = 16 * 1024;

const counterKey = 'counter';
const entryPrefix = 'entry/';

/**
 * An lmdb file shared by the processes of a machine, changed optimistically: decisions are taken in this process on what
 * it reads, and written on condition that the file's counter, which every change moves, is still what was read. So the
 * file's lock is never held while JavaScript runs, and a process that is stopped or busy doesn't hold up the others.
 * Decisions that wait are written together, with one sync for all.
 *
 * Entries are at `entry/KEY`, the counter at `counter`; both carry the counter as lmdb version. Values are UTF-8.
 */
export class LmdbFile {
  readonly #database: RootDatabase<string, string>;
  #waiting: Change[] = [];
  #writing = false;

  /**
   * Opens the file, and makes it first when it is missing. `durability` `synced`: a change is on the disk before anybody,
   * this process included, can read it; `none`: it may be lost, and the file be damaged, when the machine (not just a
   * process) goes down.
   */
  static async open(path: string, durability: Durability): Promise<LmdbFile> {
    await makeFile(path, durability);
    return new LmdbFile(openLmdb(path, durability));
  }

  private constructor(database: RootDatabase<string, string>) {
    this.#database = database;
  }

  /** Moves with every change, by whichever process; 0 at first. */
  counter(): number {
    this.#database.resetReadTxn(); // lmdb-js reads from the state of the event loop's turn; others' changes come between.
    return this.#counterOfThisRead();
  }

  get(key: string): Stored | undefined {
    this.#database.resetReadTxn();
    return this.#get(key);
  }

  /** All keys that begin with `prefix`, and the counter, of one moment. */
  list(prefix: string): { readonly counter: number; readonly entries: readonly (Stored & { readonly key: string })[] } {
    const counter = this.counter();
    const entries: (Stored & { key: string })[] = [];
    for (const { key, value, version } of this.#database.getRange({ start: entryPrefix + prefix, versions: true })) {
      if (!key.startsWith(entryPrefix + prefix)) break;
      entries.push({ key: key.slice(entryPrefix.length), value, version: version ?? 0 });
    }
    return { counter, entries };
  }

  /**
   * Calls `decide`, perhaps several times, until what it put and removed has been written before anything else changed
   * the file; gives what it returned then. Rejects with lmdb's error, or when its turn came and it was not `wanted` any more.
   */
  change<T>(decide: (view: View) => T, wanted: () => boolean): Promise<T> {
    return new Promise((resolve, reject) => {
      const decideAndTell = (view: View) => {
        const result = decide(view);
        return () => resolve(result);
      };
      this.#waiting.push({ decide: decideAndTell, wanted, fail: reject });
      if (!this.#writing) void this.#writeWaiting();
    });
  }

  /** The caller has no change under way. */
  close(): Promise<void> {
    return this.#database.close();
  }

  async #writeWaiting(): Promise<void> {
    this.#writing = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.filter((change) => change.wanted());
      for (const change of this.#waiting) if (!batch.includes(change)) change.fail(new Error('given up'));
      this.#waiting = [];
      try {
        const answers = await this.#writeBatch(batch);
        for (const answer of answers) answer();
      } catch (error) {
        const reason = await commitError(error);
        for (const change of batch) change.fail(reason);
      }
    }
    this.#writing = false;
  }

  async #writeBatch(batch: readonly Change[]): Promise<readonly (() => void)[]> {
    for (;;) {
      const counter = this.counter();
      const draft = new Draft(counter, (key) => this.#get(key));
      const answers = batch.map((change) => change.decide(draft));
      if (draft.counter === counter || (await this.#writeIf(counter, draft))) return answers;
    }
  }

  /** One lmdb transaction, in lmdb's own thread; false: the counter has moved, and nothing was written. */
  #writeIf(counter: number, draft: Draft): Promise<boolean> {
    const write = (): void => {
      for (const [key, stored] of draft.changes) {
        if (stored === undefined) void this.#database.remove(entryPrefix + key);
        else void this.#database.put(entryPrefix + key, stored.value, stored.version);
      }
      void this.#database.put(counterKey, '', draft.counter);
    };
    if (counter === 0) return this.#database.ifNoExists(counterKey, write);
    return this.#database.ifVersion(counterKey, counter, write);
  }

  #get(key: string): Stored | undefined {
    const entry = this.#database.getEntry(entryPrefix + key);
    if (entry === undefined) return undefined;
    assert(entry.version !== undefined, `${key} has no version`);
    return { value: entry.value, version: entry.version };
  }

  #counterOfThisRead(): number {
    return this.#database.getEntry(counterKey)?.version ?? 0;
  }
}

/** The state that was read with the changes of one batch on top. */
class Draft implements View {
  readonly changes = new Map<string, Stored | undefined>();
  /** Of the last change. */
  counter: number;
  readonly #read: (key: string) => Stored | undefined;

  constructor(counter: number, read: (key: string) => Stored | undefined) {
    this.counter = counter;
    this.#read = read;
  }

  get(key: string): Stored | undefined {
    return this.changes.has(key) ? this.changes.get(key) : this.#read(key);
  }

  put(key: string, value: string): number {
    this.counter += 1;
    this.changes.set(key, { value, version: this.counter });
    return this.counter;
  }

  remove(key: string): void {
    this.counter += 1;
    this.changes.set(key, undefined);
  }
}

function openLmdb(path: string, durability: Durability): RootDatabase<string, string> {
  const sync = durability === 'synced' ? { overlappingSync: false } : { noSync: true };
  return open<string, string>(path, {
    ...sync,
    noSubdir: true,
    mapSize: roomBytes,
    maxDbs: 1,
    encoding: 'string',
    useVersions: true,
    cache: false,
    eventTurnBatching: false, // With it, a commit that fails also rejects a promise that nobody can get at.
  });
}

async function makeFile(path: string, durability: Durability): Promise<void> {
  await makeWhole(path, async (draft) => {
    await takeRoom(lockOf(draft), lockBytes, 'none');
    await openLmdb(draft, durability).close();
    await takeRoom(draft, roomBytes, durability);
  });
  await makeWhole(lockOf(path), (draft) => takeRoom(draft, lockBytes, 'none'));
}

/** Whole, or not at all: of several processes that start together one makes it. */
async function makeWhole(path: string, make: (draft: string) => Promise<void>): Promise<void> {
  if (await exists(path)) return;
  const draft = `${path}.${process.pid}.${process.hrtime.bigint()}`;
  try {
    await make(draft);
    await link(draft, path).catch(async (error) => {
      if (!(await exists(path))) throw error;
    });
  } finally {
    await rm(draft, { force: true });
    await rm(lockOf(draft), { force: true });
  }
}

/** Lengthens the file to `bytes`, with nothing but zeros, and makes it when it is missing. */
async function takeRoom(path: string, bytes: number, durability: Durability): Promise<void> {
  const file = await openFile(path, 'a');
  try {
    const zeros = Buffer.alloc(16 * 1024);
    for (let { size } = await file.stat(); size < bytes; ) {
      size += (await file.write(zeros, 0, Math.min(zeros.length, bytes - size))).bytesWritten;
    }
    if (durability === 'synced') await file.sync();
  } finally {
    await file.close();
  }
}

/** Where lmdb keeps a file's lock and readers; it is never removed. */
function lockOf(path: string): string {
  return `${path}-lock`;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** lmdb-js rejects a failed commit with a promise of the reason, which must be handled lest it ends the process. */
async function commitError(error: unknown): Promise<unknown> {
  if (!(error instanceof Error && 'commitError' in error)) return error;
  return Promise.resolve(error.commitError).then(
    () => error,
    (reason: unknown) => reason,
  );
}
