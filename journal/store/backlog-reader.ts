import { WindhoverError } from '../base/errors.ts';
import type { Disk, DiskFile } from '../log/disk.ts';
import { checkEntry, entryBodyStart, entryBytes, entryHeaderBytes, entryKind, entryPartition } from '../log/entry.ts';
import { type BacklogFile, backlogHeaderBytes, checkBacklogHeader } from './backlog-file.ts';
import { bodyQueue, isItemKind, itemCount, itemId } from './entries.ts';
import { emptySpan, type Span } from './entry-reader.ts';
import { type Extent, markEntry, scanStart } from './extent.ts';
import { costBytes, fileBytesFor } from './item-cost.ts';
import { type PieceBuffers, pieceBytes } from './piece-buffers.ts';
import type { QueueState } from './stored-queue.ts';
import type { Turns } from './turns.ts';

/** How many backlog files are kept open for reading at most, those being read aside. */
const maxOpenFiles = 32;

interface OpenFile {
  readonly file: BacklogFile;
  readonly handle: Promise<DiskFile>;
}

/** Reads items out of backlog files, sequentially where it is asked to. */
export class BacklogReader {
  readonly #disk: Disk;
  readonly #pieces: PieceBuffers;
  readonly #turns: Turns;
  /** By file number; the least recently used first. */
  readonly #open = new Map<number, OpenFile>();

  constructor(disk: Disk, pieces: PieceBuffers, turns: Turns) {
    this.#disk = disk;
    this.#pieces = pieces;
    this.#turns = turns;
  }

  /**
   * Reads entries of `extent`, an extent of `queue`, that have live items: at least that of item `fromId`, which is one of
   * them, and those after it as long as {@link costBytes} finds them to be `limitBytes` at most together.
   * @throws `corrupt`, with file and offset, where the file is damaged before or at them.
   */
  async read(partition: number, queue: QueueState, extent: Extent, fromId: number, limitBytes: number): Promise<Span> {
    const { file } = extent;
    file.users++;
    try {
      const handle = await this.#handle(file);
      const scan = new ExtentScan(partition, queue, extent, fromId, limitBytes);
      let length = Math.max(this.#pieces.longest(fileBytesFor(queue, limitBytes)), 4096);
      for (;;) {
        const span = await this.#pieces.fill(Math.min(length, scan.leftBytes), async (buffer) => {
          const bytes = await handle.read(buffer, scan.offset);
          await this.#turns.free();
          return { buffer, starts: scan.piece(buffer, bytes) };
        });
        if (span.starts.length > 0) return span;
        this.#pieces.giveBack(span.buffer);
        if (scan.isAtEnd) return emptySpan;
        // An entry that the piece was too short for may be the one that is wanted; else it is a longer way to that.
        length = scan.wantedBytes > length ? scan.wantedBytes : pieceBytes;
      }
    } finally {
      file.users--;
    }
  }

  /** Nobody looks at the span any more. */
  giveBack({ buffer }: Span): void {
    this.#pieces.giveBack(buffer);
  }

  /** Closes the file if it is open, before it is deleted. */
  async close(file: BacklogFile): Promise<void> {
    const open = this.#open.get(file.number);
    this.#open.delete(file.number);
    await (await open?.handle)?.close();
  }

  async closeAll(): Promise<void> {
    for (const { file } of [...this.#open.values()]) await this.close(file);
  }

  async #handle(file: BacklogFile): Promise<DiskFile> {
    const open = this.#open.get(file.number) ?? { file, handle: this.#openFile(file) };
    this.#open.delete(file.number);
    this.#open.set(file.number, open);
    try {
      return await open.handle;
    } catch (error) {
      this.#open.delete(file.number);
      throw error;
    }
  }

  async #openFile(file: BacklogFile): Promise<DiskFile> {
    await this.#closeIdle();
    const handle = await this.#disk.open(file.name, 'read');
    try {
      const header = Buffer.alloc(backlogHeaderBytes);
      const bytes = await handle.read(header, 0);
      checkBacklogHeader(header.subarray(0, bytes), file);
      return handle;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async #closeIdle(): Promise<void> {
    while (this.#open.size >= maxOpenFiles) {
      const idle = [...this.#open.values()].find(({ file }) => file.users === 0);
      if (idle === undefined) return;
      await this.close(idle.file);
    }
  }
}

/** Walks through an extent from entry to entry, piece by piece, until it has met what is wanted. */
class ExtentScan {
  readonly #partition: number;
  readonly #queue: QueueState;
  readonly #extent: Extent;
  readonly #fromId: number;
  readonly #limitBytes: number;
  /** Where the next piece begins. */
  offset: number;
  /** Length of an entry that the last piece was too short for. */
  wantedBytes = 0;

  constructor(partition: number, queue: QueueState, extent: Extent, fromId: number, limitBytes: number) {
    this.#partition = partition;
    this.#queue = queue;
    this.#extent = extent;
    this.#fromId = fromId;
    this.#limitBytes = limitBytes;
    this.offset = scanStart(extent, fromId);
  }

  /** What is left of the extent. */
  get leftBytes(): number {
    return this.#extent.offset + this.#extent.bytes - this.offset;
  }

  /** Nothing more is to be found: only when the item was removed meanwhile. */
  get isAtEnd(): boolean {
    if (this.leftBytes > 0) return false;
    if (this.#queue.isLive(this.#fromId)) {
      throw new WindhoverError(
        'corrupt',
        `${this.#extent.file.name} at ${this.offset}: item ${this.#fromId} is not in the file`,
      );
    }
    return true;
  }

  /**
   * Takes the first `bytes` of `buffer` as what stands at `offset`, gives where in it wanted entries begin, and moves
   * `offset` behind what it has seen.
   */
  piece(buffer: Buffer, bytes: number): number[] {
    const extent = this.#extent;
    const starts: number[] = [];
    let taken = 0;
    let at = 0;
    if (bytes === 0 && buffer.length > 0) throw this.#damaged(0); // the file has been cut between two entries
    while (at < bytes) {
      if (!this.#hasWhole(buffer, at, bytes)) break;
      const id = this.#firstId(buffer, at);
      const items = itemCount(entryKind(buffer, at), buffer, entryBodyStart(at));
      if (this.#queue.nextLive(Math.max(id, this.#fromId)) < id + items) {
        taken += costBytes(buffer, at);
        if (starts.length > 0 && taken > this.#limitBytes) break;
        // The first that is wanted has the item looked for, unless that was removed meanwhile.
        if (starts.length === 0 && id > this.#fromId && this.#queue.isLive(this.#fromId)) throw this.#damaged(at);
        starts.push(at);
      }
      markEntry(extent, id, this.offset + at);
      // The reader may leave some of several items for the next time: then the scan begins with this entry again.
      extent.cursorId = items === 1 ? id + 1 : id;
      extent.cursorOffset = this.offset + (items === 1 ? at + entryBytes(buffer, at) : at);
      at += entryBytes(buffer, at);
    }
    this.offset += at;
    return starts;
  }

  /** Whether the entry at `at` is whole and sound; not whole when it goes on behind the piece. */
  #hasWhole(buffer: Buffer, at: number, bytes: number): boolean {
    const state = checkEntry(buffer, at, bytes);
    if (state === 'whole') return true;
    const isCut = state === 'short' && bytes === buffer.length && bytes < this.leftBytes;
    if (!isCut) throw this.#damaged(at);
    this.wantedBytes = bytes - at < entryHeaderBytes ? entryHeaderBytes : entryBytes(buffer, at);
    return false;
  }

  /** Of the entry's items. */
  #firstId(buffer: Buffer, at: number): number {
    const body = entryBodyStart(at);
    const isOurs =
      entryPartition(buffer, at) === this.#partition &&
      isItemKind(entryKind(buffer, at)) &&
      bodyQueue(buffer, body) === this.#queue.number;
    if (!isOurs) throw this.#damaged(at);
    return itemId(buffer, body);
  }

  #damaged(at: number): WindhoverError {
    return new WindhoverError('corrupt', `${this.#extent.file.name} at ${this.offset + at}: the entry is damaged`);
  }
}
