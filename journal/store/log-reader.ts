import { assert } from '../base/assert.ts';
import { entryBytes, entryPartition, entrySequence } from '../log/entry.ts';
import { damagedEntry, type EntryReader, ReadPlan } from './entry-reader.ts';
import type { OffsetRun } from './offset-runs.ts';
import { pieceBytes } from './piece-buffers.ts';
import type { ReplicaState } from './replica.ts';

/** A guess at an entry's length, to read the last one of a piece with it. */
const tailBytes = 1024;

/**
 * Entries of the replica's log from `fromSequence` on, as one run of bytes of at most `maxBytes`, or of one entry.
 * Empty when there are none yet; undefined when the journal does not hold them any more, or the log is another now.
 */
export async function readLog(
  entries: EntryReader,
  replica: ReplicaState,
  fromSequence: number,
  maxBytes: number,
): Promise<Buffer | undefined> {
  assert(fromSequence > 0, 'sequences begin with 1');
  const { life } = replica;
  const run = new RunGathering(maxBytes);
  let next = fromSequence;
  while (replica.state === 'whole' && next <= replica.lastSequence && !run.isFull) {
    const place = replica.log.find(next);
    if (place === undefined) return run.isEmpty ? undefined : run.bytes();
    next = await readPiece(entries, replica.partition, place.run, next, run);
    if (replica.life !== life) return undefined;
  }
  return replica.state === 'whole' ? run.bytes() : undefined;
}

/** Adds entries of one piece; gives the sequence to go on with. */
async function readPiece(
  entries: EntryReader,
  partition: number,
  place: OffsetRun,
  fromSequence: number,
  run: RunGathering,
): Promise<number> {
  const plan = new ReadPlan(pieceBytes);
  let planned = fromSequence;
  while (planned < place.end && plan.add(place.offsets[planned - place.first] as number, tailBytes)) planned++;
  const span = await entries.read(place.segment, plan);
  const { buffer, starts } = span;
  let next = fromSequence;
  for (const start of starts) {
    if (entryPartition(buffer, start) !== partition || entrySequence(buffer, start) !== next) {
      throw damagedEntry(place.segment, plan.offsets[next - fromSequence] as number);
    }
    if (!run.add(buffer, start, start + entryBytes(buffer, start))) break;
    next++;
  }
  run.endPiece();
  entries.giveBack(span);
  return next;
}

/**
 * Gathers entries into one run of bytes. They are copied, piece by piece: where many partitions share the journal, the
 * pieces that a run of one partition comes from are many times as long as the run.
 */
class RunGathering {
  isFull = false;
  #memory = Buffer.allocUnsafeSlow(64 * 1024);
  #used = 0;
  #leftBytes: number;
  // What is to be copied next, which stands in one go.
  #buffer: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;

  constructor(maxBytes: number) {
    this.#leftBytes = maxBytes;
  }

  get isEmpty(): boolean {
    return this.#used === 0 && this.#end === this.#start;
  }

  /** Takes `buffer[start..end)` in if it fits. */
  add(buffer: Buffer, start: number, end: number): boolean {
    if (end - start > this.#leftBytes && !this.isEmpty) {
      this.isFull = true;
      return false;
    }
    if (buffer !== this.#buffer || start !== this.#end) {
      this.endPiece();
      this.#buffer = buffer;
      this.#start = start;
    }
    this.#end = end;
    this.#leftBytes -= end - start;
    if (this.#leftBytes <= 0) this.isFull = true;
    return true;
  }

  /** What was added is not looked at any more. */
  endPiece(): void {
    const bytes = this.#end - this.#start;
    if (this.#used + bytes > this.#memory.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(this.#memory.length * 2, this.#used + bytes));
      this.#memory.copy(larger, 0, 0, this.#used);
      this.#memory = larger;
    }
    this.#used += this.#buffer.copy(this.#memory, this.#used, this.#start, this.#end);
    this.#start = this.#end;
  }

  bytes(): Buffer {
    return this.#memory.subarray(0, this.#used);
  }
}
