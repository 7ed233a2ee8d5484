import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { assert, InvariantError } from '../base/assert.ts';
import { WindhoverError } from '../base/errors.ts';
import type { Disk, DiskFile } from './disk.ts';
import { makeFolder, syncFolder } from './folders.ts';

const openFile = promisify(fs.open);
const closeFile = promisify(fs.close);
const syncFile = promisify(fs.fsync);
const syncData = promisify(fs.fdatasync);
const fileStat = promisify(fs.fstat);
const { readdir, readFile, rename, rm, statfs } = fs.promises;

/** Linux takes no more buffers in one write. */
const maxBuffers = 1024;
const zeros = Buffer.alloc(1024 * 1024);
const flags = { create: 'wx+', write: 'r+', read: 'r' } as const;

/** The machine's disk below one folder, which must exist. */
export class FileDisk implements Disk {
  readonly #root: string;
  readonly #syncFolder: (path: string) => Promise<void>;

  /** `syncNames` makes the names in a folder durable; given by tests only. */
  constructor(root: string, syncNames = syncFolder) {
    this.#root = root;
    this.#syncFolder = syncNames;
  }

  async makeFolder(name: string): Promise<void> {
    const path = this.#path(name);
    await during(name, async () => {
      await makeFolder(path, this.#syncFolder);
      // One that is there may be of a process that was killed before it had synced the name.
      await this.#syncFolder(dirname(path));
    });
  }

  async list(folder: string): Promise<string[]> {
    const names = await during(folder, () => orMissing(readdir(this.#path(folder))));
    return (names ?? []).sort();
  }

  async open(name: string, mode: 'create' | 'write' | 'read'): Promise<DiskFile> {
    const path = this.#path(name);
    return during(name, async () => {
      const descriptor = await openFile(path, flags[mode]);
      if (mode === 'create') await this.#syncFolder(dirname(path));
      return new RealFile(name, path, descriptor);
    });
  }

  async readWhole(name: string): Promise<Buffer | undefined> {
    const path = this.#path(name);
    return during(name, () => orMissing(readFile(path)));
  }

  /** By way of a file with `.part` after its name; one replacement of a file at a time. */
  async replace(name: string, content: Uint8Array): Promise<void> {
    const path = this.#path(name);
    const part = `${path}.part`;
    await during(name, async () => {
      try {
        await writeWhole(part, content);
      } catch (error) {
        await rm(part, { force: true });
        throw error;
      }
      await rename(part, path);
      await this.#syncFolder(dirname(path));
    });
  }

  async rename(from: string, to: string): Promise<void> {
    const target = this.#path(to);
    const source = this.#path(from);
    await during(from, async () => {
      await rename(source, target);
      await this.#syncFolder(dirname(target));
      if (dirname(source) !== dirname(target)) await this.#syncFolder(dirname(source));
    });
  }

  async remove(name: string): Promise<void> {
    const path = this.#path(name);
    await during(name, async () => {
      await rm(path, { force: true });
      await orMissing(this.#syncFolder(dirname(path)));
    });
  }

  async removeFolder(name: string): Promise<void> {
    const path = this.#path(name);
    await during(name, async () => {
      await rm(path, { recursive: true, force: true });
      await orMissing(this.#syncFolder(dirname(path)));
    });
  }

  #path(name: string): string {
    assert(!name.startsWith('/') && !name.split('/').includes('..'), `${name} is not below the disk's folder`);
    return join(this.#root, name);
  }
}

class RealFile implements DiskFile {
  readonly name: string;
  readonly #path: string;
  readonly #descriptor: number;
  #isOpen = true;

  constructor(name: string, path: string, descriptor: number) {
    this.name = name;
    this.#path = path;
    this.#descriptor = descriptor;
  }

  async sizeBytes(): Promise<number> {
    const { size } = await during(this.name, () => fileStat(this.#use()));
    return size;
  }

  async read(target: Buffer, position: number): Promise<number> {
    let filled = 0;
    while (filled < target.length) {
      const bytes = await this.#readSome(target, filled, position + filled);
      if (bytes === 0) break;
      filled += bytes;
    }
    return filled;
  }

  write(buffers: readonly Buffer[], position: number): number {
    try {
      return fs.writevSync(this.#use(), buffers.slice(0, maxBuffers), position);
    } catch (error) {
      throw WindhoverError.from(error, `${this.name}, offset ${position}`);
    }
  }

  sync(): Promise<void> {
    return during(this.name, () => syncData(this.#use()));
  }

  /** By writing zeros, since Node has no fallocate; asks for the free room first, so as not to fill up a disk in vain. */
  async allocate(bytes: number): Promise<void> {
    await during(this.name, async () => {
      const { size } = await fileStat(this.#use());
      const { bavail, bsize } = await statfs(dirname(this.#path));
      if (bytes - size > bavail * bsize) throw new WindhoverError('no-space', `${this.name}: no room to allocate it.`);
      for (let position = size; position < bytes; ) {
        position += await this.#writeZeros(position, Math.min(zeros.length, bytes - position));
        // Synced bit by bit: a whole file of dirty pages at once would hold up everybody else's syncs.
        await syncFile(this.#use());
      }
    });
  }

  async close(): Promise<void> {
    const descriptor = this.#use();
    this.#isOpen = false; // even if it fails: a second close might hit another file
    await during(this.name, () => closeFile(descriptor));
  }

  #use(): number {
    assert(this.#isOpen, `${this.name} was used after close`);
    return this.#descriptor;
  }

  #readSome(target: Buffer, offset: number, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.read(this.#use(), target, offset, target.length - offset, position, (error, bytes) => {
        if (error === null) resolve(bytes);
        else reject(WindhoverError.from(error, `${this.name}, offset ${position}`));
      });
    });
  }

  #writeZeros(position: number, bytes: number): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.write(this.#use(), zeros, 0, bytes, position, (error, written) => {
        if (error === null) resolve(written);
        else reject(error);
      });
    });
  }
}

/** Creates or empties the file, writes it whole, and syncs it. */
async function writeWhole(path: string, content: Uint8Array): Promise<void> {
  const handle = await fs.promises.open(path, 'w');
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Undefined in place of a complaint that the file or folder isn't there. */
async function orMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Does the work; what it throws becomes a WindhoverError that names the file. */
async function during<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof InvariantError) throw error;
    throw WindhoverError.from(error, name);
  }
}
