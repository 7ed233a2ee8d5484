import type { BacklogFile } from './backlog-file.ts';
import { ReplicaState } from './replica.ts';
import { TokenRoom } from './seen-tokens.ts';

/** All that a node's store knows, as far as its journal has been written. */
export class StoreState {
  readonly replicas = new Map<number, ReplicaState>();
  /** All backlog files that count, by number. One without a live item is to be deleted once no checkpoint names it. */
  readonly files = new Map<number, BacklogFile>();
  /** Shared by the replicas. */
  tokenRoom = new TokenRoom();
  /** The highest revision of the partition map that this node has seen. */
  mapRevision = 0;
  /** Place of the last entry that was taken in. */
  lastSegment = 0;
  lastOffset = 0;
  /** The oldest segment that a recovery needs: all live items of older ones stand in backlog files. */
  firstSegment = 1;
  /** The number of the next backlog file. */
  nextFile = 1;

  /** The replica of a partition; an empty one is made where there is none. */
  replica(partition: number): ReplicaState {
    let replica = this.replicas.get(partition);
    if (replica === undefined) {
      replica = new ReplicaState(partition, this.tokenRoom);
      this.replicas.set(partition, replica);
    }
    return replica;
  }
}
