import { WindhoverError } from '../base/errors.ts';
import type { DiskFile } from '../log/disk.ts';
import { writeFully } from '../log/write-fully.ts';
import { type BacklogFile, backlogFolder, encodeBacklogHeader, newBacklogFile } from './backlog-file.ts';
import { type Extent, markEntry, newExtent } from './extent.ts';
import type { StoreParts } from './store-parts.ts';
import { copyStretch, type Stretch, stretchBytes, totalBytes } from './stretch.ts';

/** So much is written at once at most, longer appends aside; the event loop runs in between. */
const gatherBytes = 512 * 1024;

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
  #gathered = Buffer.allocUnsafeSlow(gatherBytes);
  #gatheredBytes = 0;
  /** Where in the file what is gathered goes. */
  #position = 0;
  #unsyncedBytes = 0;

  constructor(parts: StoreParts) {
    this.#parts = parts;
  }

  /** Whether these can be appended as things are; if not, `makeRoom` comes before. */
  hasRoom(stretches: readonly Stretch[]): boolean {
    const file = this.#files[this.#files.length - 1];
    return file !== undefined && this.#takesMore(file) && this.#fits(totalBytes(stretches));
  }

  /** Writes what was gathered, where that must be before these. @throws `no-space`, `io`; then only `abandon` may follow */
  async makeRoom(stretches: readonly Stretch[]): Promise<void> {
    const file = this.#files[this.#files.length - 1];
    if (file === undefined || !this.#takesMore(file)) await this.#beginFile();
    const bytes = totalBytes(stretches);
    if (this.#fits(bytes)) return;
    await this.#write();
    const roomBytes = Math.max(gatherBytes, bytes);
    if (this.#gathered.length !== roomBytes) this.#gathered = Buffer.allocUnsafeSlow(roomBytes);
  }

  /**
   * Appends what is to be copied of a queue, in the order of the ids, for which there must be room. It goes on with the
   * extent `last` if that is where the last of it went, else it begins a new one, which is given.
   */
  append(last: Extent | undefined, stretches: readonly Stretch[]): Extent {
    const file = this.#files[this.#files.length - 1] as BacklogFile;
    const goesOn = last !== undefined && last.file === file && last.offset + last.bytes === file.bytes;
    const extent = goesOn ? last : newExtent(file, file.bytes, (stretches[0] as Stretch).firstId);
    for (const stretch of stretches) {
      const bytes = stretchBytes(stretch);
      markEntry(extent, stretch.firstId, file.bytes);
      extent.lastId = stretch.lastId;
      extent.bytes += bytes;
      file.bytes += bytes;
      file.items += stretch.lastId - stretch.firstId + 1;
      copyStretch(stretch, this.#gathered, this.#gatheredBytes);
      this.#gatheredBytes += bytes;
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

  /** Whether there is room for so much beside what was gathered. */
  #fits(bytes: number): boolean {
    return this.#gatheredBytes + bytes <= this.#gathered.length;
  }

  #takesMore(file: BacklogFile): boolean {
    return file.bytes < this.#parts.settings.backlogFileBytes;
  }

  async #beginFile(): Promise<void> {
    const { disk, state } = this.#parts;
    await this.finish();
    if (this.#files.length === 0) await disk.makeFolder(backlogFolder);
    const file = newBacklogFile(state.nextFile++);
    this.#files.push(file);
    this.#handle = await disk.open(file.name, 'create');
    this.#position = 0;
    this.#gatheredBytes = encodeBacklogHeader(file.number).copy(this.#gathered);
  }

  async #write(): Promise<void> {
    const bytes = this.#gatheredBytes;
    if (bytes === 0) return;
    const handle = this.#handle as DiskFile;
    writeFully(handle, [this.#gathered.subarray(0, bytes)], this.#position);
    this.#gatheredBytes = 0;
    this.#position += bytes;
    this.#unsyncedBytes += bytes;
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
