import type { Timer } from '../base/clock.ts';
import { WindhoverError } from '../base/errors.ts';
import { CheckpointWriter } from './checkpoint-writer.ts';
import { Compaction } from './compaction.ts';
import { type BacklogView, nextStep, type Step } from './maintenance-plan.ts';
import { Settling } from './settling.ts';
import type { StoreParts } from './store-parts.ts';

const tickMs = 1000;
/** With nothing written for so long, garbage is cleared away however little it is. */
const idleMs = 2000;
/** With nothing written for so long, and nothing alive, the log that followers may resume in goes as well. */
const desertedMs = 30_000;
/** With more than this of the journal's limit in use, readers of old segments don't count, before writers have to wait. */
const scarceShare = 0.75;
const maxRetryMs = 10_000;
const leaveAloneMs = 60_000;

/**
 * The store's background work: settles segments, leaves checkpoints, gives segments and backlog files back. One thing
 * at a time; after a failure again, later and later.
 */
export class Maintenance {
  readonly #parts: StoreParts;
  readonly #troubled: (error: WindhoverError) => void;
  readonly #checkpoints: CheckpointWriter;
  #running: Promise<void> = Promise.resolve();
  #isRunning = false;
  #isStopped = false;
  #timer: Timer | undefined;
  /** How often a segment was settled, or backlog files were put together. */
  rewrites = 0;
  #failures = 0;
  /** What was tried last has failed. */
  #isTroubled = false;
  #retryAtMs = 0;
  /** Backlog files that could not be read, or not be copied for want of room: left alone until then. */
  readonly #leftAlone = new Map<number, number>();
  /** Place of the last entry when it was last seen to have changed, and when that was. */
  #seen = '';
  #seenAtMs = 0;

  constructor(parts: StoreParts, troubled: (error: WindhoverError) => void) {
    this.#parts = parts;
    this.#troubled = troubled;
    this.#checkpoints = new CheckpointWriter(parts);
  }

  start(): void {
    this.#tick();
  }

  /** The last step has failed, and what is to be done is not being done. */
  get isTroubled(): boolean {
    return this.#isTroubled;
  }

  /** There may be something to do. */
  wake(): void {
    if (this.#isStopped || this.#isRunning) return;
    if (this.#parts.clock.monotonicMs() < this.#retryAtMs) return;
    this.#isRunning = true;
    this.#running = this.#run();
  }

  /** Nothing is begun any more; resolves when nothing is going on. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.#running;
  }

  /** Leaves a last checkpoint, after `stop` and after the journal was closed. */
  async leaveCheckpoint(): Promise<void> {
    try {
      await this.#checkpoints.write(() => Promise.resolve());
    } catch (error) {
      this.#troubled(WindhoverError.from(error, 'the last checkpoint'));
    }
  }

  #tick(): void {
    const { clock, state } = this.#parts;
    const place = `${state.lastSegment}:${state.lastOffset}`;
    if (place !== this.#seen) {
      this.#seen = place;
      this.#seenAtMs = clock.monotonicMs();
    }
    this.wake();
    this.#timer = clock.schedule(tickMs, () => this.#tick());
  }

  async #run(): Promise<void> {
    const { clock, turns } = this.#parts;
    try {
      await turns.next();
      for (let step = this.#next(); step.kind !== 'nothing' && !this.#isStopped; step = this.#next()) {
        await this.#do(step);
        this.#isTroubled = false;
      }
      this.#failures = 0;
    } catch (error) {
      if (!(error instanceof WindhoverError)) throw error;
      this.#isTroubled = true;
      // Room may come back any moment, and writers wait for it; damage stays, and who met it need not meet it at once again.
      const waitMs = error.code === 'no-space' ? tickMs : Math.min(tickMs * 2 ** this.#failures++, maxRetryMs);
      this.#retryAtMs = clock.monotonicMs() + waitMs;
      this.#troubled(error);
    } finally {
      this.#isRunning = false;
    }
  }

  #next(): Step {
    const { state, journal, uses, settings, clock } = this.#parts;
    const liveBytes = journal.segments.length * settings.segmentBytes;
    const isRoomAmple = journal.room === 'ample' && liveBytes <= settings.limitBytes * scarceShare;
    if (!isRoomAmple) uses.breakPins();
    return nextStep({
      segments: journal.segments,
      firstSegment: state.firstSegment,
      checkpointSegment: this.#checkpoints.firstSegment,
      neededSegment: uses.oldest(),
      isRoomAmple,
      isIdle: clock.monotonicMs() - this.#seenAtMs >= idleMs,
      isDeserted: journal.segments.length > 1 && this.#isDeserted(),
      garbageBytes: this.#garbageBytes(),
      backlog: this.#backlog(),
      settings,
    });
  }

  #isDeserted(): boolean {
    const { clock, state } = this.#parts;
    if (clock.monotonicMs() - this.#seenAtMs < desertedMs) return false;
    for (const { queues } of state.replicas.values()) {
      for (const { count } of queues.values()) if (count > 0) return false;
    }
    return true;
  }

  /** Length of the files that could be deleted. */
  #garbageBytes(): number {
    let bytes = 0;
    for (const file of this.#parts.state.files.values()) {
      if (file.live === 0 && file.users === 0) bytes += file.bytes;
    }
    return bytes;
  }

  #backlog(): BacklogView[] {
    const nowMs = this.#parts.clock.monotonicMs();
    for (const number of this.#leftAlone.keys()) {
      if (!this.#parts.state.files.has(number)) this.#leftAlone.delete(number);
    }
    return [...this.#parts.state.files.values()].filter(
      ({ number, live }) => live > 0 && (this.#leftAlone.get(number) ?? 0) <= nowMs,
    );
  }

  #do(step: Exclude<Step, { kind: 'nothing' }>): Promise<void> {
    switch (step.kind) {
      case 'settle':
        return this.#settle(step.segment);
      case 'compact':
        return this.#compact(step.files);
      case 'checkpoint':
        return this.#checkpoint();
      case 'release':
        return this.#release(step.through);
    }
  }

  async #settle(segment: number): Promise<void> {
    const settling = new Settling(this.#parts, segment);
    try {
      await settling.copy();
    } catch (error) {
      await settling.abandon();
      throw error;
    }
    await settling.commit();
    this.rewrites++;
    this.#parts.state.firstSegment = segment + 1;
    await this.#checkpoint();
  }

  /** Files that can't be copied are told of and left alone for a while: nothing else waits for it. */
  async #compact(numbers: readonly number[]): Promise<void> {
    const { state, clock } = this.#parts;
    const files = numbers.flatMap((number) => state.files.get(number) ?? []);
    const compaction = new Compaction(this.#parts, files);
    try {
      await compaction.copy();
    } catch (error) {
      await compaction.abandon();
      if (!(error instanceof WindhoverError)) throw error;
      for (const number of numbers) this.#leftAlone.set(number, clock.monotonicMs() + leaveAloneMs);
      this.#troubled(error);
      return;
    }
    await compaction.commit();
    this.rewrites++;
    await this.#checkpoint();
  }

  #checkpoint(): Promise<void> {
    return this.#checkpoints.write(() => this.#parts.journal.synced());
  }

  async #release(through: number): Promise<void> {
    for (const replica of this.#parts.state.replicas.values()) replica.log.dropSegments(through);
    await this.#parts.journal.release(through);
  }
}
