import type { Timer } from '../base/clock.ts';
import { WindhoverError } from '../base/errors.ts';
import type { DiskFile } from './disk.ts';
import type { JournalOptions, LiveSegment } from './journal-options.ts';
import { encodeSegmentHeader, journalFileName, parseJournalFileName, type SegmentHeader } from './segment.ts';
import { writeFully } from './write-fully.ts';

const retryMs = 1000;
/** For so long after a segment was filled no more spares are made than are needed at once. */
const restMs = 2000;
/** When nothing was written for so long, spares beyond those needed at once are removed. */
const quietMs = 30_000;

const noSegment: LiveSegment = { number: 0, usedBytes: 0 };

/** What the spares tell the journal. */
export interface SparesEvents {
  /** There is one more, or there won't be for want of room. */
  changed(): void;
  /** The disk failed, for another reason than want of room. */
  failed(error: WindhoverError): void;
}

/**
 * Segment files made ready ahead of their use. Making one means to fill it with zeros, which costs the disk and the
 * processor as much as to fill it with entries; so more of them than are needed at once are made while nobody fills
 * segments, and segments that are released are used again. They go again when nothing has been written for long, and are
 * not made before a segment has been filled. A file is allocated under one name (`.new`), kept under another
 * (`.spare`), and gets its segment's name only when its header is durable; so whatever a crash leaves, each name says how
 * far the file had come.
 */
export class Spares {
  readonly #options: JournalOptions;
  readonly #live: readonly LiveSegment[];
  readonly #events: SparesEvents;
  /** Numbers of the ready ones' names. */
  readonly #ready: number[] = [];
  #nextNumber = 1;
  #making: Promise<void> | undefined;
  #retry: Timer | undefined;
  /** The disk had no room even for the name of a segment: none can be had until the next attempt. */
  #isRefused = false;
  /** Until it runs, segments are being filled. */
  #rest: Timer | undefined;
  /** Until it runs, something may be written; then it looks whether something was. */
  #quiet: Timer | undefined;
  /** Files are being removed. */
  #shrinking: Promise<void> | undefined;
  #closed = false;

  /** @param live the journal's segments, with which the spares share its limit */
  constructor(options: JournalOptions, live: readonly LiveSegment[], events: SparesEvents) {
    this.#options = options;
    this.#live = live;
    this.#events = events;
  }

  /** How many can be had. */
  get ready(): number {
    return this.#isRefused ? 0 : this.#ready.length;
  }

  /** Whether one more is being made. */
  get making(): boolean {
    return this.#making !== undefined;
  }

  /** The last attempt at one found no room, and the next is still to come. */
  get isDiskFull(): boolean {
    return this.#retry !== undefined;
  }

  /** Takes up the spares that an earlier process left, and removes what is unfinished or of another length. */
  async adopt(names: readonly string[]): Promise<void> {
    this.#watchForQuiet();
    for (const name of names) {
      const parsed = parseJournalFileName(name);
      if (parsed === undefined || parsed.kind === 'segment') continue;
      this.#nextNumber = Math.max(this.#nextNumber, parsed.number + 1);
      const path = `${this.#options.folder}/${name}`;
      if (parsed.kind === 'spare' && (await this.#isWhole(path))) this.#ready.push(parsed.number);
      else await this.#options.disk.remove(path);
    }
  }

  /** Makes spares in the background, as many as are wanted now; after want of room tries again each second. */
  replenish(): void {
    const wanted = this.#rest === undefined && !this.#isQuiet ? this.#mostKept() - 1 : this.#options.spareSegments;
    if (this.#closed || this.#ready.length >= wanted || this.#making !== undefined || this.#retry !== undefined) return;
    this.#making = this.#make();
  }

  /** A segment has been filled, and others may follow soon. */
  segmentFilled(): void {
    if (this.#closed) return;
    this.#watchForQuiet();
    this.#rest?.cancel();
    this.#rest = this.#options.clock.schedule(restMs, () => {
      this.#rest = undefined;
      this.replenish();
    });
  }

  /** Resolves when the one being made, if any, is ready or has failed. */
  async attempted(): Promise<void> {
    await this.#making;
  }

  /**
   * Makes a segment of a spare (there must be one): durable, empty, with this header. Undefined for want of room on the
   * disk; then none is `ready` until it is worth another attempt.
   */
  async take(header: SegmentHeader): Promise<DiskFile | undefined> {
    const spare = this.#ready.shift() ?? 0;
    const name = this.#path(header.number, 'segment');
    try {
      await this.#turnInto(this.#path(spare, 'spare'), name, header);
    } catch (error) {
      if (!isForWantOfRoom(error)) throw error;
      this.#ready.unshift(spare);
      this.#isRefused = true;
      this.#retryLater();
      return undefined;
    }
    return this.#options.disk.open(name, 'write');
  }

  async #turnInto(spare: string, name: string, header: SegmentHeader): Promise<void> {
    const { disk } = this.#options;
    const file = await disk.open(spare, 'write');
    try {
      writeFully(file, [encodeSegmentHeader(header)], 0);
      await file.sync();
    } finally {
      await file.close();
    }
    await disk.rename(spare, name);
  }

  /**
   * A segment that nobody needs any more becomes a spare, or goes when there are enough: one more than are made, so that
   * in steady traffic the next segment is always one that was recycled, and none has to be filled with zeros.
   */
  async recycle(segment: number): Promise<void> {
    const { disk } = this.#options;
    const name = this.#path(segment, 'segment');
    const planned = this.#ready.length + (this.#making === undefined ? 0 : 1);
    const kept = this.#isQuiet ? this.#options.spareSegments : this.#mostKept();
    if (planned >= kept || this.#closed || !(await this.#isWhole(name))) return disk.remove(name);
    const number = this.#nextNumber++;
    try {
      await disk.rename(name, this.#path(number, 'spare'));
    } catch (error) {
      if (!isForWantOfRoom(error)) throw error;
      return disk.remove(name);
    }
    this.#ready.push(number);
    this.#events.changed();
  }

  /** Makes and removes no more; resolves when none is being made or removed. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#retry?.cancel();
    this.#rest?.cancel();
    this.#quiet?.cancel();
    await this.#shrinking;
    await this.attempted();
  }

  /** Nothing is being written, and no segment was filled since that was seen. */
  get #isQuiet(): boolean {
    return this.#quiet === undefined;
  }

  #watchForQuiet(): void {
    if (this.#closed) return;
    this.#quiet?.cancel();
    const { number, usedBytes } = this.#live.at(-1) ?? noSegment;
    this.#quiet = this.#options.clock.schedule(quietMs, () => {
      const last = this.#live.at(-1) ?? noSegment;
      const wasWritten = last.number !== number || last.usedBytes !== usedBytes;
      if (wasWritten || this.making) return this.#watchForQuiet();
      this.#quiet = undefined;
      this.#shrinking ??= this.#shrink();
    });
  }

  /** One after another: each is out of the list before its file goes, so that whatever happens in between nobody takes it. */
  async #shrink(): Promise<void> {
    try {
      while (this.#isQuiet && !this.#closed && this.#ready.length > this.#options.spareSegments) {
        const number = this.#ready.pop() ?? 0;
        this.#events.changed();
        await this.#options.disk.remove(this.#path(number, 'spare'));
      }
    } catch (error) {
      // The file is of use again at the next start.
      if (!(error instanceof WindhoverError)) throw error;
    } finally {
      this.#shrinking = undefined;
    }
  }

  /** Half of what the journal may take, and no more than is left of it beside the live segments. */
  #mostKept(): number {
    const { segmentBytes, limitBytes, spareSegments } = this.#options;
    const allowed = Math.floor(limitBytes / segmentBytes);
    return 1 + Math.max(spareSegments, Math.min(Math.floor(allowed / 2), allowed - this.#live.length - 1));
  }

  async #make(): Promise<void> {
    const number = this.#nextNumber++;
    try {
      await this.#allocate(this.#path(number, 'new'), this.#path(number, 'spare'));
      this.#ready.push(number);
      this.#making = undefined;
      this.replenish();
      this.#events.changed();
    } catch (error) {
      this.#making = undefined;
      if (!(error instanceof WindhoverError)) throw error;
      if (!isForWantOfRoom(error)) return this.#events.failed(error);
      this.#retryLater();
      this.#events.changed();
    }
  }

  async #allocate(name: string, spare: string): Promise<void> {
    const { disk, segmentBytes } = this.#options;
    try {
      const file = await disk.open(name, 'create');
      try {
        await file.allocate(segmentBytes);
      } finally {
        await file.close();
      }
      await disk.rename(name, spare);
    } catch (error) {
      await disk.remove(name);
      throw error;
    }
  }

  #retryLater(): void {
    if (this.#closed || this.#retry !== undefined) return;
    this.#retry = this.#options.clock.schedule(retryMs, () => {
      this.#retry = undefined;
      this.#isRefused = false;
      this.replenish();
      this.#events.changed();
    });
  }

  /** Whether the file has the length that segments have now; the setting may have changed. */
  async #isWhole(name: string): Promise<boolean> {
    const file = await this.#options.disk.open(name, 'read');
    const bytes = await file.sizeBytes();
    await file.close();
    return bytes === this.#options.segmentBytes;
  }

  #path(number: number, kind: 'segment' | 'spare' | 'new'): string {
    return `${this.#options.folder}/${journalFileName(number, kind)}`;
  }
}

function isForWantOfRoom(error: unknown): boolean {
  return error instanceof WindhoverError && error.code === 'no-space';
}
