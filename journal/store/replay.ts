import { WindhoverError } from '../base/errors.ts';
import { entryBodyStart, entryEpoch, entryKind, entryPartition, entrySequence } from '../log/entry.ts';
import { readU64 } from '../log/integers.ts';
import type { Checkpoint, CheckpointReplica } from './checkpoint.ts';
import { bodyFault, kinds } from './entries.ts';
import { segmentPlace } from './entry-reader.ts';
import type { StoreState } from './state.ts';

/**
 * Brings a checkpoint up to the journal's end. An entry that stands no further than the place at which its replica was
 * put into the checkpoint is in there already: of such, only the places are noted ("folded"). The others are applied.
 * That also holds for entries without a sequence, so a snapshot may begin before a checkpoint and end after it.
 */
export class Replay {
  readonly #state: StoreState;
  readonly #checkpoint: Checkpoint;
  /** Replicas of which entries are still folded, by partition. */
  readonly #folding = new Map<number, CheckpointReplica>();

  constructor(state: StoreState, checkpoint: Checkpoint) {
    this.#state = state;
    this.#checkpoint = checkpoint;
    state.firstSegment = checkpoint.firstSegment;
    state.nextFile = checkpoint.nextFile;
    state.mapRevision = checkpoint.mapRevision;
    state.tokenRoom = checkpoint.tokenRoom;
    for (const file of checkpoint.files.values()) state.files.set(file.number, file);
    for (const part of checkpoint.replicas) {
      state.replicas.set(part.replica.partition, part.replica);
      this.#folding.set(part.replica.partition, part);
    }
  }

  /**
   * Takes in the journal's next entry.
   * @throws `corrupt`, with file and offset, when it can't follow.
   */
  written(buffer: Buffer, start: number, end: number, segment: number, offset: number): void {
    const kind = entryKind(buffer, start);
    const body = entryBodyStart(start);
    const shapeFault = bodyFault(kind, buffer, body, end);
    if (shapeFault !== undefined) throw refusal(segment, offset, shapeFault);
    if (kind === kinds.mapSeen) this.#state.mapRevision = Math.max(this.#state.mapRevision, readU64(buffer, body));
    else this.#takeIn(kind, buffer, start, end, segment, offset);
    this.#state.lastSegment = segment;
    this.#state.lastOffset = offset;
  }

  /**
   * After the last entry.
   * @throws `corrupt` when the journal lacks something that the checkpoint counts on.
   */
  end(): void {
    const { lastSegment, lastOffset } = this.#state;
    for (const part of this.#checkpoint.replicas) {
      const isReached = isUpTo(part, lastSegment, lastOffset) || part.segment < this.#checkpoint.firstSegment;
      if (!isReached)
        throw refusal(part.segment, part.offset, 'the journal ends before this entry, which has to be there');
    }
    for (const partition of [...this.#folding.keys()]) this.#endFold(partition, lastSegment, lastOffset);
  }

  #takeIn(kind: number, buffer: Buffer, start: number, end: number, segment: number, offset: number): void {
    const partition = entryPartition(buffer, start);
    const replica = this.#state.replica(partition);
    const sequence = entrySequence(buffer, start);
    const part = this.#folding.get(partition);
    let fault: string | undefined;
    if (part !== undefined && !isUpTo({ segment, offset }, part.segment, part.offset)) {
      this.#endFold(partition, segment, offset);
      fault = replica.apply(kind, entryEpoch(buffer, start), sequence, buffer, start, end, segment, offset);
    } else if (part !== undefined) {
      fault = replica.fold(kind, sequence, buffer, start, segment, offset);
    } else {
      fault = replica.apply(kind, entryEpoch(buffer, start), sequence, buffer, start, end, segment, offset);
    }
    if (fault !== undefined) throw refusal(segment, offset, `partition ${partition}: ${fault}`);
  }

  #endFold(partition: number, segment: number, offset: number): void {
    this.#folding.delete(partition);
    const fault = this.#state.replica(partition).endFold();
    if (fault !== undefined) throw refusal(segment, offset, fault);
  }
}

function isUpTo(place: { segment: number; offset: number }, segment: number, offset: number): boolean {
  return place.segment < segment || (place.segment === segment && place.offset <= offset);
}

function refusal(segment: number, offset: number, why: string): WindhoverError {
  return new WindhoverError('corrupt', `${segmentPlace(segment, offset)}: ${why}`);
}
