import type { Disk, DiskFile } from '../log/disk.ts';

/** What is done to a disk. */
export type DiskOperation =
  | 'makeFolder'
  | 'list'
  | 'open'
  | 'create'
  | 'readWhole'
  | 'replace'
  | 'rename'
  | 'remove'
  | 'removeFolder'
  | 'sizeBytes'
  | 'read'
  | 'write'
  | 'sync'
  | 'allocate'
  | 'close';

/** A disk that tells of each operation before it is done, so that something can be made to happen just then. */
export class WatchedDisk implements Disk {
  readonly #disk: Disk;
  readonly #before: (operation: DiskOperation, name: string) => void;

  constructor(disk: Disk, before: (operation: DiskOperation, name: string) => void) {
    this.#disk = disk;
    this.#before = before;
  }

  makeFolder(name: string): Promise<void> {
    this.#before('makeFolder', name);
    return this.#disk.makeFolder(name);
  }

  list(folder: string): Promise<string[]> {
    this.#before('list', folder);
    return this.#disk.list(folder);
  }

  async open(name: string, mode: 'create' | 'write' | 'read'): Promise<DiskFile> {
    this.#before(mode === 'create' ? 'create' : 'open', name);
    return watchedFile(await this.#disk.open(name, mode), this.#before);
  }

  readWhole(name: string): Promise<Buffer | undefined> {
    this.#before('readWhole', name);
    return this.#disk.readWhole(name);
  }

  replace(name: string, content: Uint8Array): Promise<void> {
    this.#before('replace', name);
    return this.#disk.replace(name, content);
  }

  rename(from: string, to: string): Promise<void> {
    this.#before('rename', from);
    return this.#disk.rename(from, to);
  }

  remove(name: string): Promise<void> {
    this.#before('remove', name);
    return this.#disk.remove(name);
  }

  removeFolder(name: string): Promise<void> {
    this.#before('removeFolder', name);
    return this.#disk.removeFolder(name);
  }
}

function watchedFile(file: DiskFile, before: (operation: DiskOperation, name: string) => void): DiskFile {
  const { name } = file;
  const telling =
    <Given extends unknown[], Result>(operation: DiskOperation, run: (...given: Given) => Result) =>
    (...given: Given): Result => {
      before(operation, name);
      return run(...given);
    };
  return {
    name,
    sizeBytes: telling('sizeBytes', () => file.sizeBytes()),
    read: telling('read', (target: Buffer, position: number) => file.read(target, position)),
    write: telling('write', (buffers: readonly Buffer[], position: number) => file.write(buffers, position)),
    sync: telling('sync', () => file.sync()),
    allocate: telling('allocate', (bytes: number) => file.allocate(bytes)),
    close: telling('close', () => file.close()),
  };
}
