import { assert } from '../journal/base/assert.ts';
import type { Clock } from '../journal/base/clock.ts';
import type { WindhoverError } from '../journal/base/errors.ts';
import type { Store } from '../journal/store/store.ts';
import type { FollowServer } from './follow-server.ts';
import type { Admission } from './follower-link.ts';
import type { KnownRecord } from './known-record.ts';
import { LeaderState } from './leader.ts';
import type { LeaderService } from './leader-service.ts';
import type { FollowerMessage, LeaderMessage } from './messages.ts';
import { type PartitionRecord, partitionKey } from './partition-map.ts';
import { storeLog } from './store-log.ts';

/** What a leadership needs of its node. */
export interface LeadershipHost {
  readonly me: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly service: LeaderService;
  readonly followers: FollowServer;
  readonly timing: LeadershipTiming;
  /** This node's lease holds now. */
  mayServe(): boolean;
  info(message: string, partition: number, details: object): void;
}

export interface LeadershipTiming {
  /** A lost member of the in-sync set may come back for so long before it is dropped. */
  readonly graceMs: number;
  readonly handoverTimeoutMs: number;
}

type Subscribe = Extract<FollowerMessage, { kind: 'subscribe' }>;

/**
 * - `starting`: the epoch's first entry is not committed yet; `serving`: commands are taken;
 * - `frozen`: the lead is being handed over, and what arrives is held; `over`: this node leads the epoch no more.
 */
type Phase =
  | { readonly kind: 'starting'; readonly handedOver: Buffer | undefined }
  | { readonly kind: 'serving' }
  | FrozenPhase
  | { readonly kind: 'over' };

interface FrozenPhase {
  readonly kind: 'frozen';
  readonly target: string;
  /** A leader that drains, or that is damaged, leaves the in-sync set by the same step. */
  readonly leaving: boolean;
  readonly deadlineMs: number;
  step: 'committing' | 'sent' | 'ready' | 'swapping';
}

/** This node's leadership of one partition in one epoch: what is committed, who is in sync, and to whom it goes. */
export class Leadership {
  readonly epoch: number;
  readonly #partition: number;
  readonly #host: LeadershipHost;
  readonly #known: KnownRecord;
  readonly #state: LeaderState;
  /** Sequence of the epoch's first entry. */
  readonly #first: number;
  #phase: Phase;
  /** Not before then is another handover tried. */
  #handoverNotBeforeMs = 0;

  /**
   * The known record says that its epoch is ours: its first entry goes into the log, and is committed before anything is
   * served. `handedOver`: the earlier leader's reservations.
   */
  constructor(partition: number, host: LeadershipHost, known: KnownRecord, handedOver: Buffer | undefined) {
    const { me, store, clock } = host;
    const { epoch, leader, inSync } = known.record;
    assert(leader === me, 'an epoch begins only with the directory behind it');
    assert(epoch > store.replica(partition).highestEpoch, 'an epoch is begun once');
    this.epoch = epoch;
    this.#partition = partition;
    this.#host = host;
    this.#known = known;
    this.#state = new LeaderState(me, inSync, clock.monotonicMs());
    this.#first = store.beginEpoch(partition, epoch, me);
    this.#phase = { kind: 'starting', handedOver };
    host.info('begins an epoch', partition, { epoch, inSync });
  }

  get phase(): Phase['kind'] {
    return this.#phase.kind;
  }

  /** Highest sequence that is committed. */
  get committed(): number {
    return this.#state.committed;
  }

  /** How many entries of the log a replica is not known to have. */
  lagOf(node: string): number {
    return this.#host.store.appendedSequence(this.#partition) - this.#state.acknowledged(node);
  }

  /** The record is another now, and still says that this node leads this epoch. */
  recordChanged(): void {
    for (const node of this.#state.decided(this.#known.record.inSync)) {
      const why = 'it is out of the in-sync set: it has to say again what it has';
      this.#host.followers.refuse(node, this.#partition, why);
    }
  }

  /** Looks at everything again and takes the next step; cheap when there is none. */
  evaluate(): void {
    this.#advance();
    this.#tend();
  }

  /** The local journal has made everything up to `sequence` durable. */
  localDurable(sequence: number): void {
    this.#state.localDurable(sequence);
    this.#advance();
  }

  /** Passes on what is committed by now, if this node may still speak for the partition. */
  #advance(): void {
    if (this.#phase.kind === 'over' || !this.#host.mayServe()) return;
    const { committed } = this.#state;
    if (this.#phase.kind === 'starting') {
      if (committed < this.#first) return;
      this.#serve(this.#phase.handedOver);
    }
    this.#host.service.committed(this.#partition, committed);
    if (this.#phase.kind === 'frozen') this.#sendHandover(this.#phase);
  }

  #serve(handedOver: Buffer | undefined): void {
    const { store, service } = this.#host;
    this.#phase = { kind: 'serving' };
    service.lead(
      storeLog(store, this.#partition, () => this.#state.inSync.size),
      handedOver,
    );
    service.routeChanged(this.#partition);
  }

  /** The leader's duties that are not urgent: the in-sync set, and handovers. */
  #tend(): void {
    if (this.#phase.kind === 'over') return;
    this.#grantSnapshots();
    const { target } = this.#known.record;
    if (this.#phase.kind === 'frozen') this.#tendHandover(this.#phase);
    else if (this.#phase.kind === 'serving' && this.#damage !== undefined) this.#makeWay();
    else if (this.#phase.kind === 'serving' && target !== undefined) this.handOver(target, false);
    if (!this.#known.isSwapping && this.#host.mayServe()) this.#changeInSync();
  }

  #changeInSync(): void {
    const { clock, timing } = this.#host;
    const { record } = this.#known;
    const change = this.#state.due(record.replicas, clock.monotonicMs(), timing.graceMs);
    if (change === undefined || (change.kind === 'grow' && this.#phase.kind === 'frozen')) return;
    this.#host.info(`in-sync set is to ${change.kind}`, this.#partition, { inSync: change.inSync });
    this.#state.proposed(change.inSync);
    void this.#known.swap({ ...record, inSync: change.inSync });
  }

  // Followers.

  admit(node: string, message: Subscribe): Admission {
    const { epoch } = message;
    const nowMs = this.#host.clock.monotonicMs();
    if (epoch !== this.epoch) return { kind: 'refused', epoch, why: `epoch ${epoch} is not ${this.epoch}` };
    if (!this.#known.record.replicas.includes(node)) return { kind: 'refused', epoch, why: 'not a replica' };
    if (this.#host.store.replica(this.#partition).lastSequence < this.#first) {
      this.#state.followerPutOff(node, nowMs);
      return { kind: 'refused', epoch, why: 'its epoch has not been written yet' };
    }
    const prefix = this.#isPrefix(message);
    if (!prefix && this.#damage !== undefined) {
      this.#state.followerLost(node, nowMs); // its copy may be the only one that is whole
      return { kind: 'refused', epoch, why: this.#damage.message };
    }
    this.#state.subscribed(node, prefix ? message.lastSequence : undefined);
    return prefix ? { kind: 'log', epoch, fromSequence: message.lastSequence + 1 } : { kind: 'snapshot', epoch };
  }

  /** Whether a log that ends with that entry is a prefix of ours: the same entry has the same log before it. */
  #isPrefix({ lastSequence, lastEpoch }: Subscribe): boolean {
    const { store } = this.#host;
    if (lastSequence === 0) return true;
    if (lastSequence > store.appendedSequence(this.#partition)) return false;
    const { epochs } = store.replica(this.#partition);
    return epochs.findLast((mark) => mark.firstSequence <= lastSequence)?.epoch === lastEpoch;
  }

  needsSnapshot(node: string): void {
    this.#state.subscribed(node, undefined);
    this.evaluate();
  }

  /** A follower outside the in-sync set may throw its log away; one inside may not, it leaves the set first. */
  #grantSnapshots(): void {
    const { me, followers } = this.#host;
    for (const node of this.#known.record.replicas) {
      if (node !== me && !this.#state.counts(node)) followers.startSnapshot(node, this.#partition);
    }
  }

  acknowledged(node: string, epoch: number, sequence: number): void {
    if (this.epoch !== epoch) return;
    this.#state.followerDurable(node, sequence);
    if (this.#state.counts(node)) this.#advance();
    else this.evaluate();
  }

  followerLost(node: string): void {
    this.#state.followerLost(node, this.#host.clock.monotonicMs());
  }

  followerLeft(node: string): void {
    this.#state.followerLeaving(node);
    this.evaluate();
  }

  // Handover.

  /** Begins to hand the lead to an in-sync follower; undone if that fails. Gives whether it could begin. */
  handOver(target: string, leaving: boolean): boolean {
    const { me, store, clock, timing, service, followers } = this.#host;
    const nowMs = clock.monotonicMs();
    if (this.#phase.kind !== 'serving' || target === me || !this.#known.record.inSync.includes(target)) return false;
    if (store.room === 'none' || nowMs < this.#handoverNotBeforeMs || !followers.follows(target, this.#partition))
      return false;
    this.#host.info('hands over', this.#partition, { epoch: this.epoch, target });
    const deadlineMs = nowMs + timing.handoverTimeoutMs;
    this.#phase = { kind: 'frozen', target, leaving, deadlineMs, step: 'committing' };
    service.freeze(this.#partition);
    this.evaluate();
    return true;
  }

  get #damage(): WindhoverError | undefined {
    return this.#host.store.replica(this.#partition).damage;
  }

  /** What can't be read here can be elsewhere: another member of the in-sync set is to lead, and fills this replica anew. */
  #makeWay(): void {
    const { inSync } = this.#known.record;
    const target = inSync.find((node) => this.#host.followers.follows(node, this.#partition));
    if (target !== undefined) this.handOver(target, true);
  }

  #sendHandover(phase: FrozenPhase): void {
    const { store, service, followers } = this.#host;
    const sequence = store.appendedSequence(this.#partition);
    if (phase.step !== 'committing' || this.#state.committed < sequence) return;
    if (!service.isQuiet(this.#partition)) return;
    phase.step = 'sent';
    const state = service.exportState(this.#partition);
    const { epoch } = this;
    const message: LeaderMessage = { kind: 'handover', partition: this.#partition, epoch, sequence, state };
    if (!followers.send(phase.target, message)) this.#thaw(phase);
  }

  #tendHandover(phase: FrozenPhase): void {
    if (phase.step === 'swapping') return;
    // The target may have been lost, and have left the set, after it was sent everything.
    if (!this.#known.record.inSync.includes(phase.target)) return this.#thaw(phase);
    if (phase.step === 'ready' && !this.#known.isSwapping && this.#host.mayServe()) return this.#passOn(phase);
    if (this.#host.clock.monotonicMs() >= phase.deadlineMs) this.#thaw(phase);
  }

  /** The handover came to nothing: serve on, in the same epoch, with the same reservations. */
  #thaw({ target }: FrozenPhase): void {
    const { service, clock, timing } = this.#host;
    if (!this.#host.mayServe()) return;
    this.#host.info('keeps leadership: the handover came to nothing', this.#partition, { target });
    this.#handoverNotBeforeMs = clock.monotonicMs() + timing.handoverTimeoutMs;
    this.#phase = { kind: 'serving' };
    service.thaw(this.#partition);
    service.routeChanged(this.#partition);
  }

  /** The target has everything and waits for the directory's word. */
  handoverReady(node: string, epoch: number): void {
    const phase = this.#phase;
    if (phase.kind !== 'frozen' || this.epoch !== epoch || phase.target !== node || phase.step !== 'sent') return;
    phase.step = 'ready';
    this.evaluate();
  }

  /** One compare-and-swap, and the target leads. */
  #passOn(phase: FrozenPhase): void {
    const { target, leaving } = phase;
    const { target: _, ...rest } = this.#known.record;
    assert(rest.inSync.includes(target), 'only a member of the in-sync set is given the lead');
    phase.step = 'swapping';
    const inSync = leaving ? rest.inSync.filter((member) => member !== this.#host.me) : rest.inSync;
    const next: PartitionRecord = { ...rest, epoch: this.epoch + 1, leader: target, inSync };
    void this.#known.swap(next).then((accepted) => {
      if (accepted) {
        const { record, version } = accepted;
        const value = JSON.stringify(record);
        this.#host.followers.send(target, { kind: 'mapChanged', key: partitionKey(this.#partition), value, version });
        return;
      }
      phase.step = 'committing';
      this.evaluate(); // of a leadership that is over this is nothing
    });
  }

  // The end.

  /** The record says that another node leads, or this one in a later epoch. */
  lost(): void {
    const { followers, service } = this.#host;
    const { leader, epoch } = this.#known.record;
    const phase = this.#phase;
    this.#phase = { kind: 'over' };
    followers.drop(this.#partition);
    this.#host.info('leads no more', this.#partition, { leader, epoch });
    if (phase.kind === 'frozen' && phase.step === 'swapping') service.moved(this.#partition);
    else if (phase.kind === 'serving' || phase.kind === 'frozen') service.resign(this.#partition);
  }

  /** The process ends in order, and what was removed gets into the log yet; or its journal has failed. */
  close(why: 'stopping' | 'failed'): void {
    const { followers, service } = this.#host;
    const { kind } = this.#phase;
    this.#phase = { kind: 'over' };
    if (why === 'stopping' && kind === 'serving') service.freeze(this.#partition);
    if (kind === 'serving' || kind === 'frozen') service.resign(this.#partition);
    followers.drop(this.#partition);
  }
}
