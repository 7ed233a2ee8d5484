import type { Replica } from '../journal/store/replica.ts';
import type { LeaderMessage } from './messages.ts';
import type { PartitionRecord } from './partition-map.ts';

/** A leader's word, in a planned handover, that this node is next. It is valid for exactly one epoch. */
export class Succession {
  readonly leader: string;
  /** The leader's; the successor's is the next. */
  readonly epoch: number;
  /** The leader's reservations. */
  readonly state: Buffer;
  readonly #sequence: number;
  readonly #untilMs: number;
  #answered = false;

  /** `untilMs`, monotonic clock: by then the leader has given it up, or somebody takes over. */
  constructor(leader: string, message: Extract<LeaderMessage, { kind: 'handover' }>, untilMs: number) {
    this.leader = leader;
    this.epoch = message.epoch;
    this.state = Buffer.from(message.state);
    this.#sequence = message.sequence;
    this.#untilMs = untilMs;
  }

  /** It is kept while its leader still leads the same epoch, or has made `me` the next. */
  holds(record: PartitionRecord, me: string, nowMs: number): boolean {
    if (nowMs >= this.#untilMs) return false;
    if (record.leader === this.leader) return record.epoch === this.epoch;
    return record.leader === me && record.epoch === this.epoch + 1;
  }

  /** Whether the leader is to be told now that this replica has everything; true once. */
  answer(replica: Pick<Replica, 'state' | 'durableSequence'>): boolean {
    if (this.#answered || replica.state !== 'whole' || replica.durableSequence < this.#sequence) return false;
    this.#answered = true;
    return true;
  }
}
