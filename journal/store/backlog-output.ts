import { WindhoverError } from '../base/errors.ts';
import type { DiskFile } from '../log/disk.ts';
import { writeFully } from '../log/write-fully.ts';
import { type BacklogFile, backlogFolder, encodeBacklogHeader, newBacklogFile } from './backlog-file.ts';
import { type Extent, markEntry, newExtent } from './extent.ts';
import type { StoreParts } from './store-parts.ts';

/** Entries of one queue in one buffer, in the order of their ids. */
export interface EntryBatch {
  readonly ids: number[];
  readonly starts: number[];
  readonly ends: number[];
}

/** So much is written at once; the event loop runs in between. */
const gatherBytes = 256 * 1024;

/** Synced bit by bit: a whole file of dirty pages at once would hold up the journal's syncs. */
const syncEveryBytes = 2 * 1024 * 1024;

/**
 * Writes entries to new backlog files, in the order given. Nobody knows of the files until `commit`, and a crash before
 * the next checkpoint leaves them as orphans.
 */
export class BacklogOutput {
  readonly #parts: StoreParts;
  readonly #files: BacklogFile[] = [];
  #handle: DiskFile | undefined;
  readonly #gathered = Buffer.allocUnsafeSlow(gatherBytes);
  #gatheredBytes = 0;
  /** Where in the file what is gathered goes. */
  #position = 0;
  #unsyncedBytes = 0;

  constructor(parts: StoreParts) {
    this.#parts = parts;
  }

  /**
   * Appends the entries. They go on with the extent `last` if that is where the last entry went, else they begin a new
   * one, which is given.
   * @throws `no-space`, `io`; then only `abandon` may follow
   */
  async append(last: Extent | undefined, buffer: Buffer, { ids, starts, ends }: EntryBatch): Promise<Extent> {
    const file = await this.#file();
    const goesOn = last !== undefined && last.file === file && last.offset + last.bytes === file.bytes;
    const extent = goesOn ? last : newExtent(file, file.bytes, ids[0] as number);
    for (const [index, id] of ids.entries()) {
      const start = starts[index] as number;
      const end = ends[index] as number;
      markEntry(extent, id, file.bytes);
      extent.lastId = id;
      extent.bytes += end - start;
      file.bytes += end - start;
      file.items++;
      if (!this.#gather(buffer, start, end)) await this.#writeEntry(buffer, start, end);
    }
    return extent;
  }

  /** All that was appended is durable when this resolves. */
  async finish(): Promise<void> {
    await this.#write();
    await this.#handle?.sync();
    await this.#close();
  }

  /** From now on the files count; `finish` must have resolved. */
  commit(): void {
    for (const file of this.#files) this.#parts.state.files.set(file.number, file);
  }

  /** Removes the files. One that can't be removed now is an orphan, removed by the next start. */
  async abandon(): Promise<void> {
    const { disk } = this.#parts;
    const works = [this.#close(), ...this.#files.map(({ name }) => disk.remove(name))];
    for (const result of await Promise.allSettled(works)) {
      if (result.status === 'rejected' && !(result.reason instanceof WindhoverError)) throw result.reason;
    }
  }

  /** The file that the next entry goes to. */
  async #file(): Promise<BacklogFile> {
    const { disk, state, settings } = this.#parts;
    const last = this.#files[this.#files.length - 1];
    if (last !== undefined && last.bytes < settings.backlogFileBytes) return last;
    await this.finish();
    if (last === undefined) await disk.makeFolder(backlogFolder);
    const file = newBacklogFile(state.nextFile++);
    this.#files.push(file);
    this.#handle = await disk.open(file.name, 'create');
    this.#position = 0;
    this.#gather(encodeBacklogHeader(file.number), 0, file.bytes);
    return file;
  }

  /** False when there is no room for it. */
  #gather(buffer: Buffer, start: number, end: number): boolean {
    if (this.#gatheredBytes + end - start > gatherBytes) return false;
    this.#gatheredBytes += buffer.copy(this.#gathered, this.#gatheredBytes, start, end);
    return true;
  }

  async #writeEntry(buffer: Buffer, start: number, end: number): Promise<void> {
    await this.#write();
    if (!this.#gather(buffer, start, end)) await this.#put(buffer.subarray(start, end));
  }

  async #write(): Promise<void> {
    if (this.#gatheredBytes === 0) return;
    const bytes = this.#gatheredBytes;
    this.#gatheredBytes = 0;
    await this.#put(this.#gathered.subarray(0, bytes));
  }

  async #put(bytes: Buffer): Promise<void> {
    const handle = this.#handle as DiskFile;
    writeFully(handle, [bytes], this.#position);
    this.#position += bytes.length;
    this.#unsyncedBytes += bytes.length;
    if (this.#unsyncedBytes < syncEveryBytes) return this.#parts.turns.next();
    this.#unsyncedBytes = 0;
    await handle.sync();
  }

  async #close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }
}
