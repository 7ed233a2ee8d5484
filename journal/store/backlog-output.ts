import { WindhoverError } from '../base/errors.ts';
import type { DiskFile } from '../log/disk.ts';
import { writeFully } from '../log/write-fully.ts';
import { type BacklogFile, backlogFolder, encodeBacklogHeader, newBacklogFile } from './backlog-file.ts';
import { type Extent, markEntry, newExtent } from './extent.ts';
import type { StoreParts } from './store-parts.ts';
import { copyStretch, type Stretch, stretchBytes } from './stretch.ts';

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
   * Appends what is to be copied of a queue, in the order of the ids. It goes on with the extent `last` if that is where
   * the last of it went, else it begins a new one, which is given.
   * @throws `no-space`, `io`; then only `abandon` may follow
   */
  async append(last: Extent | undefined, stretches: readonly Stretch[]): Promise<Extent> {
    const file = await this.#file();
    const goesOn = last !== undefined && last.file === file && last.offset + last.bytes === file.bytes;
    const extent = goesOn ? last : newExtent(file, file.bytes, (stretches[0] as Stretch).firstId);
    for (const stretch of stretches) {
      const bytes = stretchBytes(stretch);
      markEntry(extent, stretch.firstId, file.bytes);
      extent.lastId = stretch.lastId;
      extent.bytes += bytes;
      file.bytes += bytes;
      file.items += stretch.lastId - stretch.firstId + 1;
      if (this.#gatheredBytes + bytes > gatherBytes) await this.#write();
      if (bytes <= gatherBytes) this.#gather(stretch, bytes);
      else await this.#putLong(stretch, bytes);
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
    this.#gatheredBytes = encodeBacklogHeader(file.number).copy(this.#gathered);
    return file;
  }

  #gather(stretch: Stretch, bytes: number): void {
    copyStretch(stretch, this.#gathered, this.#gatheredBytes);
    this.#gatheredBytes += bytes;
  }

  #putLong(stretch: Stretch, bytes: number): Promise<void> {
    const entry = Buffer.allocUnsafeSlow(bytes);
    copyStretch(stretch, entry, 0);
    return this.#put(entry);
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
