import type { LeaderService } from '../cluster/leader-service.ts';
import type { Owner, Result } from '../cluster/operation.ts';
import type { PartitionLog } from '../cluster/partition-log.ts';
import { assert } from '../journal/base/assert.ts';
import type { NodeContext } from './queues/partition-context.ts';
import { PartitionQueues } from './queues/partition-queues.ts';
import type { QueueSettingsSource } from './queues/queue-settings.ts';

/** The queues of the partitions that this node leads, which come and go as the cluster says. */
export class LedPartitions implements LeaderService {
  readonly #context: NodeContext;
  readonly #routeChanged: (partition: number) => void;
  readonly #all = new Map<number, PartitionQueues>();
  #settings: QueueSettingsSource;

  /** `routeChanged` is told what the cluster tells; see {@link LeaderService}. */
  constructor(context: NodeContext, settings: QueueSettingsSource, routeChanged: (partition: number) => void) {
    this.#context = context;
    this.#settings = settings;
    this.#routeChanged = routeChanged;
  }

  get all(): ReadonlyMap<number, PartitionQueues> {
    return this.#all;
  }

  get(partition: number): PartitionQueues | undefined {
    return this.#all.get(partition);
  }

  /** Sets are refused now in all of them, for they share one journal, and will be taken before long. */
  get areShortOfRoom(): boolean {
    return this.#all.values().next().value?.isShortOfRoom ?? false;
  }

  queueNames(): readonly string[] {
    return [...this.#all.values()].flatMap((queues) => [...queues.queueNames]);
  }

  /** All queues, those to come too, go by other settings from now on. */
  configure(settings: QueueSettingsSource): void {
    this.#settings = settings;
    for (const queues of this.#all.values()) queues.configure(settings);
  }

  /** Gives back what is reserved by owners for whom `match` holds. */
  release(match: (owner: Owner) => boolean): void {
    for (const queues of this.#all.values()) queues.release(match);
  }

  /** Does the operation on every queue, and completes with all that came of it. */
  onEveryQueue(kind: 'flush' | 'flushExpired', owner: Owner, complete: (results: readonly Result[]) => void): void {
    const results: Result[] = [];
    const operations = [...this.#all.values()].flatMap((queues) =>
      Array.from(queues.queueNames, (queue) => ({ queues, operation: { kind, queue } as const })),
    );
    if (operations.length === 0) return complete(results);
    const done = (result: Result): void => {
      if (results.push(result) === operations.length) complete(results);
    };
    for (const { queues, operation } of operations) queues.execute({ operation, owner, complete: done });
  }

  lead(log: PartitionLog, state: Buffer | undefined): void {
    assert(!this.#all.has(log.partition), 'a partition is led once at a time');
    const queues = new PartitionQueues(log, this.#settings, this.#context);
    if (state !== undefined) queues.importReservations(state);
    this.#all.set(log.partition, queues);
  }

  committed(partition: number, sequence: number): void {
    this.#all.get(partition)?.committed(sequence);
  }

  freeze(partition: number): void {
    this.#all.get(partition)?.freeze();
  }

  thaw(partition: number): void {
    this.#all.get(partition)?.thaw();
  }

  isQuiet(partition: number): boolean {
    return this.#all.get(partition)?.isQuiet ?? true;
  }

  exportState(partition: number): Buffer {
    const queues = this.#all.get(partition);
    assert(queues !== undefined, 'a frozen partition is still led');
    return queues.exportReservations();
  }

  moved(partition: number): void {
    this.resign(partition);
  }

  resign(partition: number): void {
    const queues = this.#all.get(partition);
    this.#all.delete(partition);
    queues?.resign();
  }

  routeChanged(partition: number): void {
    this.#routeChanged(partition);
  }
}
