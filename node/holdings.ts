import type { GetOperation, Result, SettleOperation } from '../cluster/operation.ts';

const none: ReadonlySet<string> = new Set();

/**
 * What a connection has in the queues: the items of its open reads, as its client knows them, and where there may be
 * more. Errs on the side of one release too many, which does nothing.
 */
export class Holdings {
  /** Items of open reads by queue, oldest first. Invariant: no list is empty. */
  #openReads: Map<string, number[]> | undefined;
  #mayHold: Set<string> | undefined;

  /** The item of the oldest open read on the queue; 0 when the client knows of none. */
  oldest(queue: string): number {
    return this.#openReads?.get(queue)?.[0] ?? 0;
  }

  /** How many open reads of the queue the client knows of. */
  count(queue: string): number {
    return this.#openReads?.get(queue)?.length ?? 0;
  }

  /** Books the outcome of a get. */
  completed(operation: GetOperation, result: Result): void {
    if (result.kind === 'failed' || result.kind === 'violation') return this.mayHold(operation.queue);
    if (operation.settle !== 'none') this.#settled(operation.queue);
    if (operation.read === 'reserve' && operation.leaseMs === undefined && result.kind === 'item') {
      this.#opened(operation.queue, result.id);
    }
  }

  /** Books the outcome of a settlement by id: the read, if it is one of these, is not open any more. */
  settledById({ queue, id }: SettleOperation, result: Result): void {
    const items = this.#openReads?.get(queue);
    const index = items?.indexOf(id) ?? -1;
    if (items === undefined || index < 0 || result.kind === 'failed') return;
    items.splice(index, 1);
    if (items.length === 0) this.#openReads?.delete(queue);
  }

  /** Something in `queue` was given up without knowing what came of it, or won't reach the client. */
  mayHold(queue: string): void {
    this.#mayHold ??= new Set();
    this.#mayHold.add(queue);
  }

  /** Every queue to be released, once each; nothing is held afterwards. */
  takeAll(): ReadonlySet<string> {
    if (this.#openReads === undefined && this.#mayHold === undefined) return none;
    const all = new Set([...(this.#openReads?.keys() ?? []), ...(this.#mayHold ?? [])]);
    this.#openReads = undefined;
    this.#mayHold = undefined;
    return all;
  }

  #opened(queue: string, id: number): void {
    this.#openReads ??= new Map();
    const items = this.#openReads.get(queue);
    if (items === undefined) this.#openReads.set(queue, [id]);
    else items.push(id);
  }

  #settled(queue: string): void {
    const items = this.#openReads?.get(queue);
    items?.shift();
    if (items?.length === 0) this.#openReads?.delete(queue);
  }
}
