import { assert } from '../journal/base/assert.ts';
import type { Directory } from './directory/directory.ts';
import { KnownRecord } from './known-record.ts';
import { Leadership, type LeadershipHost, type LeadershipTiming } from './leadership.ts';
import type { LeaderMessage } from './messages.ts';
import type { PartitionRecord, VersionedRecord } from './partition-map.ts';
import { decideRole, type Role } from './role.ts';
import { Succession } from './succession.ts';

/** What a partition needs of its node. */
export interface PartitionHost extends LeadershipHost {
  readonly directory: Directory;
  readonly timing: PartitionTiming;
  /** It may become a leader: the lease holds, it is not draining, its journal works. */
  mayLead(): boolean;
  suspects(node: string): boolean;
  /** Pull this partition from that node, in place of any other; undefined: from nobody. */
  follow(partition: number, leader: string | undefined, epoch: number): void;
  handoverReady(leader: string, partition: number, epoch: number): void;
  /** A record that the directory accepted, or that was read from it. */
  learned(changed: VersionedRecord): void;
  warn(message: string, partition: number, details: object): void;
}

export interface PartitionTiming extends LeadershipTiming {
  readonly swapRetryMs: number;
}

/** A promise is kept for so many times the handover's own limit. */
const promiseTimes = 3;

/**
 * This node's part in a partition: `idle`: it has none, or may not play it now; `following`: it pulls from the leader;
 * `claiming`: a compare-and-swap that would make it leader is under way; or it leads.
 */
type Part = 'idle' | 'following' | 'claiming' | Leadership;

/** One partition at one node: follows the directory's record, and leads or follows, takes over or is given the lead. */
export class Partition {
  readonly number: number;
  readonly #host: PartitionHost;
  readonly #known: KnownRecord;
  #part: Part = 'idle';
  #promise: Succession | undefined;
  #closed = false;

  constructor(number: number, host: PartitionHost, current: VersionedRecord) {
    this.number = number;
    this.#host = host;
    const { directory, clock, timing } = host;
    this.#known = new KnownRecord(directory, clock, timing.swapRetryMs, current, {
      changed: (changed) => host.learned(changed),
      spoilt: (why) => host.warn('the directory has no good record of a partition, trying again', number, { why }),
    });
  }

  get record(): PartitionRecord {
    return this.#known.record;
  }

  /** Undefined while this node doesn't lead the partition. */
  get leadership(): Leadership | undefined {
    return this.#part instanceof Leadership ? this.#part : undefined;
  }

  /** This node's part, or how far its leadership is. */
  get phase(): Exclude<Part, Leadership> | Leadership['phase'] {
    return this.#part instanceof Leadership ? this.#part.phase : this.#part;
  }

  /** Where a command for this partition is to go now: to this node, held until that is clear, or to the record's leader. */
  get route(): 'local' | 'hold' | 'leader' {
    if (this.#part instanceof Leadership)
      return this.#part.phase === 'serving' && this.#host.mayServe() ? 'local' : 'hold';
    if (this.#part === 'claiming') return 'hold';
    return this.record.leader === this.#host.me || this.#promise !== undefined ? 'hold' : 'leader';
  }

  /** The directory's record has changed. */
  learned(changed: VersionedRecord): void {
    if (!this.#known.learn(changed)) return;
    const { leadership, record } = this;
    if (record.leader === this.#host.me && record.epoch === leadership?.epoch) leadership.recordChanged();
    else if (leadership !== undefined) {
      this.#part = 'idle';
      leadership.lost();
    }
    this.evaluate();
    this.#host.service.routeChanged(this.number);
  }

  /** Looks at everything again and takes the next step. Called after every event and at each tick; cheap when there is none. */
  evaluate(): void {
    if (this.#closed) return;
    if (this.#promise?.holds(this.record, this.#host.me, this.#host.clock.monotonicMs()) === false)
      this.#promise = undefined;
    if (this.#part instanceof Leadership) return this.#part.evaluate();
    if (this.#part === 'claiming') return;
    this.#answerPromise();
    this.#enter(this.#decide());
  }

  #decide(): Role {
    const { me, store } = this.#host;
    const replica = store.replica(this.number);
    return decideRole({
      me,
      record: this.record,
      promisedEpoch: this.#promise === undefined ? 0 : this.#promise.epoch + 1,
      highestEpoch: replica.highestEpoch,
      whole: replica.state === 'whole',
      holdsData: replica.lastSequence > 0 || replica.state !== 'whole',
      eligible: this.#host.mayLead(),
      leaderSuspected: this.#host.suspects(this.record.leader),
    });
  }

  #enter(role: Role): void {
    switch (role.kind) {
      case 'claim':
        return this.#claim(role.record);
      case 'begin':
        return this.#begin(role.epoch);
      case 'follow':
        this.#part = 'following';
        return this.#host.follow(this.number, role.leader, this.record.epoch);
      case 'discard':
        this.#idle();
        if (this.#host.store.room !== 'none') this.#host.store.dropReplica(this.number);
        return;
      case 'none':
        return this.#idle();
    }
  }

  #idle(): void {
    this.#part = 'idle';
    this.#host.follow(this.number, undefined, 0);
  }

  /** Takes over, or takes up again after a restart. The old leader's entries are refused from this moment on. */
  #claim(next: PartitionRecord): void {
    if (this.#known.isSwapping) return;
    this.#part = 'claiming';
    this.#promise = undefined;
    this.#host.follow(this.number, undefined, 0);
    this.#host.info('claims leadership', this.number, { epoch: next.epoch, from: this.record.leader });
    void this.#known.swap(next).then((accepted) => {
      if (this.#closed || this.#part !== 'claiming') return;
      this.#part = 'idle';
      const { leader, epoch } = this.record;
      // Somebody else may have taken over since, and a full disk would not take the epoch's first entry.
      if (accepted && leader === this.#host.me && epoch === next.epoch && this.#host.mayLead()) this.#begin(epoch);
      else this.evaluate();
      this.#host.service.routeChanged(this.number);
    });
  }

  /** The directory says that `epoch` is ours. */
  #begin(epoch: number): void {
    assert(this.record.epoch === epoch, 'it is the epoch of the record that begins');
    this.#host.follow(this.number, undefined, 0);
    const handedOver = this.#promise?.epoch === epoch - 1 ? this.#promise.state : undefined;
    this.#promise = undefined;
    this.#part = new Leadership(this.number, this.#host, this.#known, handedOver);
  }

  /** The local journal has made everything up to `sequence` durable. */
  localDurable(sequence: number): void {
    if (this.#part instanceof Leadership) this.#part.localDurable(sequence);
    else this.#answerPromise();
  }

  /** The leader is about to hand over to this node. */
  promised(leader: string, message: Extract<LeaderMessage, { kind: 'handover' }>): void {
    if (this.record.leader !== leader || this.record.epoch !== message.epoch) return;
    const untilMs = this.#host.clock.monotonicMs() + promiseTimes * this.#host.timing.handoverTimeoutMs;
    this.#promise = new Succession(leader, message, untilMs);
    this.#answerPromise();
  }

  #answerPromise(): void {
    const promise = this.#promise;
    if (promise === undefined || this.#part !== 'following' || !this.#host.mayLead()) return;
    if (promise.answer(this.#host.store.replica(this.number)))
      this.#host.handoverReady(promise.leader, this.number, promise.epoch);
  }

  /** Serves no more: the process ends in order, or its journal has failed. */
  close(why: 'stopping' | 'failed'): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#known.close();
    const { leadership } = this;
    this.#part = 'idle';
    leadership?.close(why);
  }
}
