import type { Disk, DiskFile } from '../log/disk.ts';
import { writeFully } from '../log/write-fully.ts';
import { type BacklogFile, encodeBacklogHeader, markEntry, newBacklogFile } from './backlog-file.ts';

/** Entries of one buffer, in the order of their ids. */
export interface EntryBatch {
  readonly ids: number[];
  readonly starts: number[];
  readonly ends: number[];
}

/**
 * Appends entries to a backlog file, new or with entries already. What it knows shows in `file` only by `commit`; until
 * then readers see an old file as it was, and after a crash what was appended is void.
 */
export class BacklogOutput {
  readonly file: BacklogFile;
  readonly isNew: boolean;
  /** Where the next entry goes. */
  bytes: number;
  readonly #disk: Disk;
  readonly #header: Buffer;
  /** The file with what has been appended. */
  readonly #grown: BacklogFile;
  #handle: DiskFile | undefined;
  #exists: boolean;

  /** To append to `file`, which is in use until `commit` or `abandon`. */
  static append(disk: Disk, file: BacklogFile): BacklogOutput {
    file.users++;
    return new BacklogOutput(disk, file, Buffer.alloc(0), false);
  }

  /** To make a file with the given first entry. */
  static create(disk: Disk, partition: number, queue: number, number: number, firstId: number): BacklogOutput {
    const header = encodeBacklogHeader(partition, queue, number);
    return new BacklogOutput(disk, newBacklogFile(partition, queue, number, firstId), header, true);
  }

  private constructor(disk: Disk, file: BacklogFile, header: Buffer, isNew: boolean) {
    this.#disk = disk;
    this.file = file;
    this.isNew = isNew;
    this.bytes = file.bytes;
    this.#header = header;
    this.#grown = { ...file, marks: file.marks.slice(-2) };
    this.#exists = !isNew;
  }

  get isOpen(): boolean {
    return this.#handle !== undefined;
  }

  async open(): Promise<void> {
    if (this.#exists) {
      this.#handle = await this.#disk.open(this.file.name, 'write');
      return;
    }
    this.#handle = await this.#disk.open(this.file.name, 'create');
    this.#exists = true;
    writeFully(this.#handle, [this.#header], 0);
  }

  /** Writes the entries, which are not durable yet. */
  write(buffer: Buffer, batch: EntryBatch): void {
    const views: Buffer[] = [];
    let at = this.bytes;
    let viewStart = batch.starts[0] as number;
    for (const [index, id] of batch.ids.entries()) {
      const start = batch.starts[index] as number;
      const end = batch.ends[index] as number;
      if (start !== (batch.ends[index - 1] ?? start)) {
        views.push(buffer.subarray(viewStart, batch.ends[index - 1]));
        viewStart = start;
      }
      markEntry(this.#grown, id, at);
      at += end - start;
      this.#grown.lastId = id;
    }
    views.push(buffer.subarray(viewStart, batch.ends[batch.ends.length - 1]));
    writeFully(this.#handle as DiskFile, views, this.bytes);
    this.bytes = at;
  }

  /** What was written is durable when this resolves; `open` goes on with the file. */
  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.sync();
    await handle?.close();
  }

  /** From now on the file counts with all that was appended; it must have been closed. */
  commit(): void {
    const { file } = this;
    file.lastId = this.#grown.lastId;
    file.bytes = this.bytes;
    const known = file.marks[file.marks.length - 2] as number;
    const { marks } = this.#grown;
    for (let at = 0; at < marks.length; at += 2) {
      if ((marks[at] as number) > known) file.marks.push(marks[at] as number, marks[at + 1] as number);
    }
    if (!this.isNew) file.users--;
  }

  /**
   * What was appended is void. Nothing is appended to the file any more, since a failed write or sync leaves open what
   * is there; a new file is removed.
   */
  async abandon(): Promise<void> {
    if (!this.isNew) {
      this.file.sealed = true;
      this.file.users--;
    }
    await this.#handle?.close();
    if (this.isNew && this.#exists) await this.#disk.remove(this.file.name);
  }
}
