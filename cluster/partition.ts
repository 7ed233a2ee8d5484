import { assert } from '../journal/base/assert.ts';
import type { Clock } from '../journal/base/clock.ts';
import type { WindhoverError } from '../journal/base/errors.ts';
import type { Store } from '../journal/store/store.ts';
import type { Directory } from './directory/directory.ts';
import type { Admission, FollowServer } from './follow-server.ts';
import { LeaderState } from './leader.ts';
import type { LeaderService } from './leader-service.ts';
import type { FollowerMessage, LeaderMessage } from './messages.ts';
import { type PartitionRecord, partitionKey, type VersionedRecord } from './partition-map.ts';
import type { FrozenPhase, Phase } from './phase.ts';
import { RecordSwap } from './record-swap.ts';
import { decideRole, type Role } from './role.ts';
import { storeLog } from './store-log.ts';
import { Succession } from './succession.ts';

/** What a partition needs of its node. */
export interface PartitionHost {
  readonly me: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly directory: Directory;
  readonly service: LeaderService;
  readonly followers: FollowServer;
  readonly timing: PartitionTiming;
  /** This node's lease holds now. */
  mayServe(): boolean;
  /** It may become a leader: the lease holds, it is not draining, its journal works. */
  mayLead(): boolean;
  suspects(node: string): boolean;
  /** Pull this partition from that node, in place of any other; undefined: from nobody. */
  follow(partition: number, leader: string | undefined, epoch: number): void;
  handoverReady(leader: string, partition: number, epoch: number): void;
  /** A record that the directory accepted, or that was read from it. */
  learned(changed: VersionedRecord): void;
  info(message: string, partition: number, details: object): void;
}

export interface PartitionTiming {
  /** A lost member of the in-sync set may come back for so long before it is dropped. */
  readonly graceMs: number;
  readonly handoverTimeoutMs: number;
  readonly swapRetryMs: number;
}

type Subscribe = Extract<FollowerMessage, { kind: 'subscribe' }>;

/** A promise is kept for so many times the handover's own limit. */
const promiseTimes = 3;

/** One partition at one node: follows the directory's record, leads or follows, hands over and takes over. */
export class Partition {
  readonly number: number;
  readonly #host: PartitionHost;
  #phase: Phase = { kind: 'idle' };
  #current: VersionedRecord;
  readonly #swaps: RecordSwap;
  #promise: Succession | undefined;
  #closed = false;
  /** Not before then is another handover tried. */
  #handoverNotBeforeMs = 0;

  constructor(number: number, host: PartitionHost, current: VersionedRecord) {
    this.number = number;
    this.#host = host;
    this.#current = current;
    this.#swaps = new RecordSwap(host.directory, host.clock, host.timing.swapRetryMs);
  }

  get record(): PartitionRecord {
    return this.#current.record;
  }

  get phase(): Phase['kind'] {
    return this.#phase.kind;
  }

  /** Where a command for this partition is to go now: to this node, held until that is clear, or to the record's leader. */
  get route(): 'local' | 'hold' | 'leader' {
    switch (this.#phase.kind) {
      case 'serving':
        return this.#host.mayServe() ? 'local' : 'hold';
      case 'starting':
      case 'frozen':
      case 'claiming':
        return 'hold';
      case 'following':
      case 'idle':
        return this.record.leader === this.#host.me || this.#promise !== undefined ? 'hold' : 'leader';
    }
  }

  /** Highest sequence that is committed, as the leader knows; undefined on others. */
  get committed(): number | undefined {
    return 'leading' in this.#phase ? this.#phase.leading.committed : undefined;
  }

  /** How many entries of the log a replica is not known to have; 0 on others than the leader. */
  lagOf(node: string): number {
    if (!('leading' in this.#phase)) return 0;
    return this.#host.store.appendedSequence(this.number) - this.#phase.leading.acknowledged(node);
  }

  /** The directory's record has changed. */
  learned(changed: VersionedRecord): void {
    if (changed.version <= this.#current.version) return;
    this.#current = changed;
    const { record } = changed;
    if ('leading' in this.#phase) {
      if (record.leader === this.#host.me && record.epoch === this.#phase.epoch)
        this.#decided(this.#phase.leading, record);
      else this.#deposed();
    }
    this.evaluate();
    this.#host.service.routeChanged(this.number);
  }

  #decided(leading: LeaderState, { inSync }: PartitionRecord): void {
    for (const node of leading.decided(inSync)) {
      this.#host.followers.refuse(node, this.number, 'it is out of the in-sync set: it has to say again what it has');
    }
  }

  /** Looks at everything again and takes the next step. Called after every event and at each tick; cheap when there is none. */
  evaluate(): void {
    if (this.#closed) return;
    if (this.#promise?.holds(this.record, this.#host.me, this.#host.clock.monotonicMs()) === false)
      this.#promise = undefined;
    if ('leading' in this.#phase) {
      this.#advance();
      if ('leading' in this.#phase) this.#tend();
      return;
    }
    if (this.#phase.kind === 'claiming') return;
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
        this.#phase = { kind: 'following', leader: role.leader };
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
    this.#phase = { kind: 'idle' };
    this.#host.follow(this.number, undefined, 0);
  }

  /** Takes over, or takes up again after a restart. The old leader's entries are refused from this moment on. */
  #claim(next: PartitionRecord): void {
    if (this.#swaps.underWay) return;
    this.#phase = { kind: 'claiming' };
    this.#promise = undefined;
    this.#host.follow(this.number, undefined, 0);
    this.#host.info('claims leadership', this.number, { epoch: next.epoch, from: this.record.leader });
    void this.#swap(next).then((accepted) => {
      if (this.#closed || this.#phase.kind !== 'claiming') return;
      this.#phase = { kind: 'idle' };
      const { leader, epoch } = this.record;
      // Somebody else may have taken over since, and a full disk would not take the epoch's first entry.
      if (accepted && leader === this.#host.me && epoch === next.epoch && this.#host.mayLead()) this.#begin(epoch);
      else this.evaluate();
      this.#host.service.routeChanged(this.number);
    });
  }

  /** The directory says that `epoch` is ours: its first entry goes into the log, and is committed before anything is served. */
  #begin(epoch: number): void {
    const { me, store, clock } = this.#host;
    assert(
      this.record.leader === me && this.record.epoch === epoch,
      'an epoch begins only with the directory behind it',
    );
    assert(epoch > store.replica(this.number).highestEpoch, 'an epoch is begun once');
    this.#host.follow(this.number, undefined, 0);
    const state = this.#promise?.epoch === epoch - 1 ? this.#promise.state : undefined;
    this.#promise = undefined;
    const leading = new LeaderState(me, this.record.inSync, clock.monotonicMs());
    const first = store.beginEpoch(this.number, epoch, me);
    this.#phase = { kind: 'starting', epoch, leading, first, state };
    this.#host.info('begins an epoch', this.number, { epoch, inSync: this.record.inSync });
  }

  /** The local journal has made everything up to `sequence` durable. */
  localDurable(sequence: number): void {
    if (!('leading' in this.#phase)) return this.#answerPromise();
    this.#phase.leading.localDurable(sequence);
    this.#advance();
  }

  /** Passes on what is committed by now, if this node may still speak for the partition. */
  #advance(): void {
    const phase = this.#phase;
    if (!('leading' in phase) || !this.#host.mayServe()) return;
    const { committed } = phase.leading;
    if (phase.kind === 'starting') {
      if (committed < phase.first) return;
      this.#phase = { kind: 'serving', epoch: phase.epoch, leading: phase.leading, first: phase.first };
      const { leading } = phase;
      const log = storeLog(this.#host.store, this.number, () => leading.inSync.size);
      this.#host.service.lead(log, phase.state);
      this.#host.service.routeChanged(this.number);
    }
    this.#host.service.committed(this.number, committed);
    if (this.#phase.kind === 'frozen') this.#sendHandover(this.#phase);
  }

  /** The leader's duties that are not urgent: the in-sync set, and handovers. */
  #tend(): void {
    const phase = this.#phase;
    if (!('leading' in phase)) return;
    this.#grantSnapshots(phase.leading);
    if (phase.kind === 'frozen') this.#tendHandover(phase);
    else if (phase.kind === 'serving' && this.#damage !== undefined) this.#makeWay();
    else if (phase.kind === 'serving' && this.record.target !== undefined) this.handOver(this.record.target, false);
    if (!this.#swaps.underWay && this.#host.mayServe()) this.#changeInSync(phase.leading);
  }

  #changeInSync(leading: LeaderState): void {
    const { clock, timing } = this.#host;
    const change = leading.due(this.record.replicas, clock.monotonicMs(), timing.graceMs);
    if (change === undefined || (change.kind === 'grow' && this.#phase.kind === 'frozen')) return;
    this.#host.info(`in-sync set is to ${change.kind}`, this.number, { inSync: change.inSync });
    leading.proposed(change.inSync);
    void this.#swap({ ...this.record, inSync: change.inSync });
  }

  /** Gives the record if it is the one wanted. */
  async #swap(next: PartitionRecord): Promise<VersionedRecord | undefined> {
    const outcome = await this.#swaps.swap(this.#current, next);
    if (outcome === undefined) return undefined;
    this.#host.learned(outcome.changed);
    return outcome.accepted ? outcome.changed : undefined;
  }

  // The leader's side of its followers.

  admit(node: string, message: Subscribe): Admission {
    const phase = this.#phase;
    if (!('leading' in phase)) return { kind: 'refused', epoch: message.epoch, why: 'this node does not lead it' };
    if (message.epoch !== phase.epoch)
      return { kind: 'refused', epoch: message.epoch, why: `epoch ${message.epoch} is not ${phase.epoch}` };
    if (!this.record.replicas.includes(node)) return { kind: 'refused', epoch: message.epoch, why: 'not a replica' };
    if (this.#host.store.replica(this.number).lastSequence < phase.first) {
      phase.leading.followerPutOff(node, this.#host.clock.monotonicMs());
      return { kind: 'refused', epoch: message.epoch, why: 'its epoch has not been written yet' };
    }
    const prefix = this.#isPrefix(message);
    if (!prefix && this.#damage !== undefined) {
      phase.leading.followerLost(node, this.#host.clock.monotonicMs()); // its copy may be the only one that is whole
      return { kind: 'refused', epoch: message.epoch, why: this.#damage.message };
    }
    phase.leading.subscribed(node, prefix ? message.lastSequence : undefined);
    if (prefix) return { kind: 'log', epoch: phase.epoch, fromSequence: message.lastSequence + 1 };
    return { kind: 'snapshot', epoch: phase.epoch };
  }

  /** Whether a log that ends with that entry is a prefix of ours: the same entry has the same log before it. */
  #isPrefix({ lastSequence, lastEpoch }: Subscribe): boolean {
    const { store } = this.#host;
    if (lastSequence === 0) return true;
    if (lastSequence > store.appendedSequence(this.number)) return false;
    const { epochs } = store.replica(this.number);
    return epochs.findLast((mark) => mark.firstSequence <= lastSequence)?.epoch === lastEpoch;
  }

  needsSnapshot(node: string): void {
    if (!('leading' in this.#phase)) return;
    this.#phase.leading.subscribed(node, undefined);
    this.evaluate();
  }

  /** A follower outside the in-sync set may throw its log away; one inside may not, it leaves the set first. */
  #grantSnapshots(leading: LeaderState): void {
    for (const node of this.record.replicas) {
      if (node !== this.#host.me && !leading.counts(node)) this.#host.followers.startSnapshot(node, this.number);
    }
  }

  acknowledged(node: string, epoch: number, sequence: number): void {
    if (!('leading' in this.#phase) || this.#phase.epoch !== epoch) return;
    const { leading } = this.#phase;
    leading.followerDurable(node, sequence);
    if (leading.counts(node)) this.#advance();
    else this.evaluate();
  }

  followerLost(node: string): void {
    if ('leading' in this.#phase) this.#phase.leading.followerLost(node, this.#host.clock.monotonicMs());
  }

  followerLeft(node: string): void {
    if (!('leading' in this.#phase)) return;
    this.#phase.leading.followerLeaving(node);
    this.evaluate();
  }

  // Handover, at the leader.

  /** Begins to hand leadership to an in-sync follower; undone if that fails. Gives whether it could begin. */
  handOver(target: string, leaving: boolean): boolean {
    const { clock, timing, service, followers } = this.#host;
    if (this.#phase.kind !== 'serving' || target === this.#host.me || !this.record.inSync.includes(target))
      return false;
    if (
      this.#host.store.room === 'none' ||
      clock.monotonicMs() < this.#handoverNotBeforeMs ||
      !followers.follows(target, this.number)
    )
      return false;
    const { epoch, leading, first } = this.#phase;
    const deadlineMs = clock.monotonicMs() + timing.handoverTimeoutMs;
    this.#host.info('hands over', this.number, { epoch, target });
    this.#phase = {
      kind: 'frozen',
      epoch,
      leading,
      first,
      handover: { target, leaving, deadlineMs, step: 'committing' },
    };
    service.freeze(this.number);
    this.evaluate();
    return true;
  }

  get #damage(): WindhoverError | undefined {
    return this.#host.store.replica(this.number).damage;
  }

  /** What can't be read here can be elsewhere: another member of the in-sync set is to lead, and fills this replica anew. */
  #makeWay(): void {
    const target = this.record.inSync.find((node) => this.#host.followers.follows(node, this.number));
    if (target !== undefined) this.handOver(target, true);
  }

  #sendHandover(phase: FrozenPhase): void {
    const sequence = this.#host.store.appendedSequence(this.number);
    if (phase.handover.step !== 'committing' || phase.leading.committed < sequence) return;
    if (!this.#host.service.isQuiet(this.number)) return;
    phase.handover.step = 'sent';
    const state = this.#host.service.exportState(this.number);
    const message: LeaderMessage = { kind: 'handover', partition: this.number, epoch: phase.epoch, sequence, state };
    if (!this.#host.followers.send(phase.handover.target, message)) this.#thaw(phase);
  }

  #tendHandover(phase: FrozenPhase): void {
    if (phase.handover.step === 'swapping') return;
    // The target may have been lost, and have left the set, after it was sent everything.
    if (!this.record.inSync.includes(phase.handover.target)) return this.#thaw(phase);
    if (phase.handover.step === 'ready' && !this.#swaps.underWay && this.#host.mayServe()) return this.#passOn(phase);
    if (this.#host.clock.monotonicMs() >= phase.handover.deadlineMs) this.#thaw(phase);
  }

  /** The handover came to nothing: serve on, in the same epoch, with the same reservations. */
  #thaw(phase: FrozenPhase): void {
    if (!this.#host.mayServe()) return;
    this.#host.info('keeps leadership: the handover came to nothing', this.number, { target: phase.handover.target });
    const { service, clock, timing } = this.#host;
    this.#handoverNotBeforeMs = clock.monotonicMs() + timing.handoverTimeoutMs;
    this.#phase = { kind: 'serving', epoch: phase.epoch, leading: phase.leading, first: phase.first };
    service.thaw(this.number);
    service.routeChanged(this.number);
  }

  /** The target has everything and waits for the directory's word. */
  handoverReady(node: string, epoch: number): void {
    const phase = this.#phase;
    if (phase.kind !== 'frozen' || phase.epoch !== epoch || phase.handover.target !== node) return;
    if (phase.handover.step !== 'sent') return;
    phase.handover.step = 'ready';
    this.evaluate();
  }

  /** One compare-and-swap, and the target leads. */
  #passOn(phase: FrozenPhase): void {
    assert(this.record.inSync.includes(phase.handover.target), 'only a member of the in-sync set is given the lead');
    phase.handover.step = 'swapping';
    const { target, leaving } = phase.handover;
    const { target: _, ...rest } = this.record;
    const inSync = leaving ? rest.inSync.filter((member) => member !== this.#host.me) : rest.inSync;
    const next: PartitionRecord = { ...rest, epoch: phase.epoch + 1, leader: target, inSync };
    void this.#swap(next).then((accepted) => {
      if (accepted) {
        const { record, version } = accepted;
        const value = JSON.stringify(record);
        this.#host.followers.send(target, { kind: 'mapChanged', key: partitionKey(this.number), value, version });
      } else if (this.#phase === phase) phase.handover.step = 'committing';
    });
  }

  // Handover, at the target.

  promised(leader: string, message: Extract<LeaderMessage, { kind: 'handover' }>): void {
    if (this.record.leader !== leader || this.record.epoch !== message.epoch) return;
    const untilMs = this.#host.clock.monotonicMs() + promiseTimes * this.#host.timing.handoverTimeoutMs;
    this.#promise = new Succession(leader, message, untilMs);
    this.#answerPromise();
  }

  #answerPromise(): void {
    const promise = this.#promise;
    if (promise === undefined || this.#phase.kind !== 'following' || !this.#host.mayLead()) return;
    if (promise.answer(this.#host.store.replica(this.number)))
      this.#host.handoverReady(promise.leader, this.number, promise.epoch);
  }

  // The end of a leadership.

  #deposed(): void {
    const phase = this.#phase;
    this.#host.followers.drop(this.number);
    this.#phase = { kind: 'idle' };
    this.#host.info('leads no more', this.number, { leader: this.record.leader, epoch: this.record.epoch });
    if (phase.kind === 'frozen' && phase.handover.step === 'swapping') this.#host.service.moved(this.number);
    else if (phase.kind === 'serving' || phase.kind === 'frozen') this.#host.service.resign(this.number);
  }

  /** Serves no more: the process ends in order, and what was removed gets into the log yet; or its journal has failed. */
  close(why: 'stopping' | 'failed'): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#swaps.close();
    if (why === 'stopping' && this.#phase.kind === 'serving') this.#host.service.freeze(this.number);
    if (this.#phase.kind === 'serving' || this.#phase.kind === 'frozen') this.#host.service.resign(this.number);
    this.#phase = { kind: 'idle' };
    this.#host.followers.drop(this.number);
  }
}
