import { assert } from '../base/assert.ts';
import type { Clock } from '../base/clock.ts';
import { WindhoverError } from '../base/errors.ts';
import type { Disk, DiskFile } from '../log/disk.ts';
import { seededRandom } from './random.ts';
import { SimFile } from './sim-file.ts';

export interface SimDiskOptions {
  /** With a clock every operation takes `operationMs` and a sync `syncMs` of its time; without one, a microtask. */
  clock?: Clock;
  operationMs?: number;
  syncMs?: number;
  /** Decides what becomes of everything that a crash leaves open. */
  random?: () => number;
  /** How likely each dirty page of a file is written back by the kernel whenever that file is written to. */
  writeBackChance?: number;
}

/** What outlives a process: files and folders, and how much room there is. */
class Medium {
  readonly files = new Map<string, SimFile>();
  readonly folders = new Set<string>(['']);
  capacityBytes = Number.POSITIVE_INFINITY;

  freeBytes(): number {
    let used = 0;
    for (const file of this.files.values()) used += file.sizeBytes;
    return Math.max(0, this.capacityBytes - used);
  }

  copy(): Medium {
    const medium = new Medium();
    for (const [name, file] of this.files) medium.files.set(name, file.copy());
    for (const folder of this.folders) medium.folders.add(folder);
    medium.capacityBytes = this.capacityBytes;
    return medium;
  }

  file(name: string): SimFile {
    const file = this.files.get(name);
    if (file === undefined) throw new WindhoverError('io', `${name}: there is no such file`);
    return file;
  }
}

interface Pending {
  /** Makes the change; may throw. */
  apply(): void;
}

/**
 * A disk in memory that loses what a real one may lose. One object is one process's view of it: after `crash` that view
 * is a ghost whose writes go nowhere and whose promises never settle, and `reopen` gives the view of the next process.
 * Deterministic for a given `random`.
 */
export class SimDisk implements Disk {
  readonly #medium: Medium;
  readonly #options: SimDiskOptions;
  readonly #random: () => number;
  readonly #pending = new Set<Pending>();
  #crashed = false;
  #failSyncs = 0;
  #failWrites = 0;
  /** Files that were opened and not closed. */
  openFiles = 0;
  /** Every write of more than one byte is cut short somewhere. */
  shortWrites = false;
  /** How long a sync takes from now on (needs a clock). */
  syncMs: number;

  constructor(options: SimDiskOptions = {}, medium: unknown = new Medium()) {
    assert(medium instanceof Medium, 'a SimDisk is reopened by reopen()');
    this.#medium = medium;
    this.#options = options;
    this.#random = options.random ?? seededRandom(1);
    this.syncMs = options.syncMs ?? 0;
  }

  // The switches, one for each failure.

  /**
   * The process dies now: 'process' keeps the kernel's cache (kill -9), 'power' loses, keeps or tears each page that
   * was not synced. An operation under way has happened or has not.
   */
  crash(kind: 'power' | 'process'): void {
    assert(!this.#crashed, 'crashed twice');
    this.#crashed = true;
    for (const operation of this.#pending) if (this.#random() < 0.5) attempt(operation);
    this.#pending.clear();
    if (kind === 'power') for (const file of this.#medium.files.values()) file.losePower(this.#random);
  }

  /** The disk as the next process finds it; only after `crash`. Fullness stays, the other switches are off. */
  reopen(): SimDisk {
    assert(this.#crashed, 'reopened without a crash');
    return new SimDisk({ ...this.#options, random: this.#random }, this.#medium);
  }

  /** Another disk that holds what this one does now, between two operations; its chance is `random`, its switches are off. */
  copy(random: () => number): SimDisk {
    assert(this.#pending.size === 0, 'a disk is copied during an operation');
    return new SimDisk({ ...this.#options, random }, this.#medium.copy());
  }

  /** The next sync fails; the kernel then takes its pages for clean, so that a second sync proves nothing. */
  failNextSync(): void {
    this.#failSyncs++;
  }

  /** The next write fails after writing a part. */
  failNextWrite(): void {
    this.#failWrites++;
  }

  /** From now on only so many bytes more fit on the disk; `Infinity` gives it room again. */
  full(freeBytes = 0): void {
    const { files } = this.#medium;
    let used = 0;
    for (const file of files.values()) used += file.sizeBytes;
    this.#medium.capacityBytes = used + freeBytes;
  }

  /** Silent damage to stored bytes. */
  flipBit(name: string, offset: number, bit = 0): void {
    this.#medium.file(name).flipBit(offset, bit);
  }

  /** Cuts a file, as damage. */
  truncate(name: string, bytes: number): void {
    this.#medium.file(name).resize(bytes);
  }

  /** Length of a file that is there. */
  sizeBytes(name: string): number {
    return this.#medium.file(name).sizeBytes;
  }

  /** Names of all files, sorted. */
  names(): string[] {
    return [...this.#medium.files.keys()].sort();
  }

  // Disk

  makeFolder(name: string): Promise<void> {
    return this.#operate(() => {
      const parts = name.split('/');
      for (let length = 1; length <= parts.length; length++) {
        this.#medium.folders.add(parts.slice(0, length).join('/'));
      }
    });
  }

  list(folder: string): Promise<string[]> {
    return this.#operate(() => {
      const prefix = folder === '' ? '' : `${folder}/`;
      const found = new Set<string>();
      for (const name of [...this.#medium.files.keys(), ...this.#medium.folders]) {
        const inside = name.startsWith(prefix) ? name.slice(prefix.length).split('/')[0] : undefined;
        if (inside) found.add(inside);
      }
      return [...found].sort();
    });
  }

  open(name: string, mode: 'create' | 'write' | 'read'): Promise<DiskFile> {
    return this.#operate(() => {
      if (mode !== 'create') return this.#handle(name, this.#medium.file(name));
      if (this.#medium.files.has(name)) throw new WindhoverError('io', `${name}: the file exists`);
      this.#assertFolderOf(name);
      const file = new SimFile();
      this.#medium.files.set(name, file);
      return this.#handle(name, file);
    });
  }

  readWhole(name: string): Promise<Buffer | undefined> {
    return this.#operate(() => {
      const file = this.#medium.files.get(name);
      if (file === undefined) return undefined;
      const content = Buffer.alloc(file.sizeBytes);
      file.read(content, 0);
      return content;
    });
  }

  replace(name: string, content: Uint8Array): Promise<void> {
    const copy = Buffer.from(content);
    return this.#operate(() => {
      if (this.#medium.freeBytes() < copy.length) throw noSpace(name);
      this.#assertFolderOf(name);
      const file = new SimFile();
      file.write(copy, 0);
      file.persist(file.dirtyPages());
      this.#medium.files.set(name, file);
    }, this.syncMs);
  }

  rename(from: string, to: string): Promise<void> {
    return this.#operate(() => {
      const file = this.#medium.file(from);
      this.#assertFolderOf(to);
      this.#medium.files.delete(from);
      this.#medium.files.set(to, file);
    });
  }

  remove(name: string): Promise<void> {
    return this.#operate(() => {
      this.#medium.files.delete(name);
    });
  }

  removeFolder(name: string): Promise<void> {
    return this.#operate(() => {
      const isInside = (other: string) => other === name || other.startsWith(`${name}/`);
      for (const file of [...this.#medium.files.keys()]) if (isInside(file)) this.#medium.files.delete(file);
      for (const folder of [...this.#medium.folders]) if (isInside(folder)) this.#medium.folders.delete(folder);
    });
  }

  /** The handle of `file`, which goes with the file when that is renamed. */
  #handle(name: string, file: SimFile): DiskFile {
    let isOpen = true;
    let underWay = 0;
    this.openFiles++;
    const used = (): SimFile => {
      assert(isOpen, `${name} was used after close`);
      return file;
    };
    const whileOpen = async <T>(work: Promise<T>): Promise<T> => {
      underWay++;
      try {
        return await work;
      } finally {
        underWay--;
      }
    };
    return {
      name,
      sizeBytes: () => whileOpen(this.#sizeBytes(used())),
      read: (target, position) => whileOpen(this.#read(used(), target, position)),
      write: (buffers, position) => this.#write(name, used(), buffers, position),
      sync: () => whileOpen(this.#sync(name, used())),
      allocate: (bytes) => whileOpen(this.#allocate(name, used(), bytes)),
      close: () => {
        used();
        assert(underWay === 0, `${name} was closed during an operation`);
        isOpen = false;
        this.openFiles--;
        return this.#operate(() => undefined);
      },
    };
  }

  #sizeBytes(file: SimFile): Promise<number> {
    return this.#operate(() => file.sizeBytes);
  }

  #read(file: SimFile, target: Buffer, position: number): Promise<number> {
    return this.#operate(() => file.read(target, position));
  }

  #write(name: string, file: SimFile, buffers: readonly Buffer[], position: number): number {
    const wanted = Buffer.concat(buffers);
    if (this.#crashed) return wanted.length;
    let bytes = wanted.length;
    const fails = this.#failWrites > 0;
    if (fails) this.#failWrites--;
    if ((fails || this.shortWrites) && bytes > 1) bytes = 1 + Math.floor(this.#random() * (bytes - 1));
    const growth = position + bytes - file.sizeBytes;
    const free = this.#medium.freeBytes();
    if (growth > free) bytes = Math.max(0, bytes - (growth - free));
    if (bytes === 0 && wanted.length > 0) throw noSpace(name);
    file.write(wanted.subarray(0, bytes), position);
    const { writeBackChance } = this.#options;
    if (writeBackChance !== undefined) file.writeBack(this.#random, writeBackChance);
    if (fails) throw new WindhoverError('io', `${name}: the write failed, as told`);
    return bytes;
  }

  #sync(name: string, file: SimFile): Promise<void> {
    const pages = file.dirtyPages();
    const fails = this.#failSyncs > 0;
    if (fails) this.#failSyncs--;
    return this.#operate(() => {
      if (!fails) return file.persist(pages);
      file.forget(pages);
      throw new WindhoverError('io', `${name}: the sync failed, as told`);
    }, this.syncMs);
  }

  #allocate(name: string, file: SimFile, bytes: number): Promise<void> {
    return this.#operate(() => {
      if (bytes - file.sizeBytes > this.#medium.freeBytes()) throw noSpace(name);
      file.resize(bytes);
    }, this.syncMs);
  }

  #assertFolderOf(name: string): void {
    const folder = name.includes('/') ? name.slice(0, name.lastIndexOf('/')) : '';
    if (!this.#medium.folders.has(folder)) throw new WindhoverError('io', `${name}: there is no such folder`);
  }

  /** Applies the change when its time has come; never, when the process has crashed by then. */
  async #operate<T>(apply: () => T, durationMs = this.#options.operationMs ?? 0): Promise<T> {
    if (this.#crashed) return new Promise<T>(() => undefined);
    const operation: Pending = { apply };
    this.#pending.add(operation);
    await this.#pass(durationMs);
    if (!this.#pending.delete(operation)) return new Promise<T>(() => undefined);
    return apply();
  }

  #pass(durationMs: number): Promise<void> {
    const { clock } = this.#options;
    return clock === undefined ? Promise.resolve() : new Promise((resolve) => clock.schedule(durationMs, resolve));
  }
}

function attempt(operation: Pending): void {
  try {
    operation.apply();
  } catch (error) {
    if (!(error instanceof WindhoverError)) throw error;
  }
}

function noSpace(name: string): WindhoverError {
  return new WindhoverError('no-space', `${name}: no space left on the disk`);
}
