import type { Disk, DiskFile } from '../log/disk.ts';

/** What was done to the files of one folder. */
export interface Traffic {
  bytesRead: number;
  /** With zeros, to have the room. */
  bytesAllocated: number;
  bytesWritten: number;
  writes: number;
  syncs: number;
}

/** A disk that counts what is read from it and written to it, by folder ('' for what stands in none). */
export class CountingDisk implements Disk {
  readonly #disk: Disk;
  readonly #traffic = new Map<string, Traffic>();

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** Of one folder, so far. */
  traffic(folder: string): Traffic {
    let traffic = this.#traffic.get(folder);
    if (traffic === undefined) {
      traffic = { bytesRead: 0, bytesAllocated: 0, bytesWritten: 0, writes: 0, syncs: 0 };
      this.#traffic.set(folder, traffic);
    }
    return traffic;
  }

  /** To all files, so far, allocated or written: their bytes, not the file system's own. */
  get bytesWritten(): number {
    return [...this.#traffic.values()].reduce((sum, each) => sum + each.bytesWritten + each.bytesAllocated, 0);
  }

  makeFolder(name: string): Promise<void> {
    return this.#disk.makeFolder(name);
  }

  list(folder: string): Promise<string[]> {
    return this.#disk.list(folder);
  }

  async open(name: string, mode: 'create' | 'write' | 'read'): Promise<DiskFile> {
    return countingFile(await this.#disk.open(name, mode), this.traffic(folderOf(name)));
  }

  readWhole(name: string): Promise<Buffer | undefined> {
    return this.#disk.readWhole(name);
  }

  replace(name: string, content: Uint8Array): Promise<void> {
    const traffic = this.traffic(folderOf(name));
    traffic.bytesWritten += content.length;
    traffic.writes++;
    traffic.syncs++;
    return this.#disk.replace(name, content);
  }

  rename(from: string, to: string): Promise<void> {
    return this.#disk.rename(from, to);
  }

  remove(name: string): Promise<void> {
    return this.#disk.remove(name);
  }

  removeFolder(name: string): Promise<void> {
    return this.#disk.removeFolder(name);
  }
}

function countingFile(file: DiskFile, traffic: Traffic): DiskFile {
  return {
    name: file.name,
    sizeBytes: () => file.sizeBytes(),
    async read(target, position) {
      const bytes = await file.read(target, position);
      traffic.bytesRead += bytes;
      return bytes;
    },
    write(buffers, position) {
      const bytes = file.write(buffers, position);
      traffic.bytesWritten += bytes;
      traffic.writes++;
      return bytes;
    },
    sync() {
      traffic.syncs++;
      return file.sync();
    },
    allocate(bytes) {
      traffic.bytesAllocated += bytes;
      return file.allocate(bytes);
    },
    close: () => file.close(),
  };
}

function folderOf(name: string): string {
  return name.includes('/') ? name.slice(0, name.indexOf('/')) : '';
}
