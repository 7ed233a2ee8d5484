import type { GetOperation, Request, Result, SetOperation } from '../cluster/operation.ts';
import { type Statistics, statisticsResult } from './queues/queue-stats.ts';

/** The aliases in force, and what was set on them through this node. */
export class Aliases {
  #queues: ReadonlyMap<string, readonly string[]> = new Map();
  /** Of aliases on which anything was set. */
  readonly #counts = new Map<string, { items: number; bytes: number }>();

  /** Goes by others from now on; those that stay keep their counts. */
  configure(queues: ReadonlyMap<string, readonly string[]>): void {
    this.#queues = queues;
    for (const name of this.#counts.keys()) if (!queues.has(name)) this.#counts.delete(name);
  }

  get names(): Iterable<string> {
    return this.#queues.keys();
  }

  /** Kestrel's names: what was ever set on the alias, stored or not, and its queues. */
  statistics(name: string): Statistics {
    const { items, bytes } = this.#counts.get(name) ?? { items: 0, bytes: 0 };
    return [
      ['put_items', items],
      ['put_bytes', bytes],
      ['children', (this.#queues.get(name) ?? []).join(',')],
    ];
  }

  /** As {@link answerAlias}; false, too, when the request is about no alias. */
  answer(request: Request, execute: (part: Request) => void): boolean {
    const { operation } = request;
    const queues = this.#queues.size === 0 ? undefined : this.#queues.get(operation.queue);
    if (queues === undefined) return false;
    if (operation.kind === 'statistics') {
      request.complete(statisticsResult(this.statistics(operation.queue)));
      return true;
    }
    if (operation.kind === 'set') this.#count(operation);
    return answerAlias(request, queues, execute);
  }

  #count({ queue, data }: SetOperation): void {
    const counts = this.#counts.get(queue) ?? { items: 0, bytes: 0 };
    this.#counts.set(queue, { items: counts.items + 1, bytes: counts.bytes + data.length });
  }
}

/**
 * Does what a request on an alias means: a `set` goes to each of `queues`, by `execute`; reads find the alias empty, and
 * nothing else does anything. False when the request is not about the alias as a queue: it is to be done as any other.
 */
export function answerAlias(request: Request, queues: readonly string[], execute: (part: Request) => void): boolean {
  const { operation } = request;
  switch (operation.kind) {
    case 'set':
      for (const part of parts(request, operation, queues)) execute(part);
      return true;
    case 'get':
      if (operation.read === 'nothing') return false;
      if (operation.settle === 'none') request.complete({ kind: 'empty' });
      else execute(settling(request, operation));
      return true;
    case 'delete':
      request.complete({ kind: 'missing' });
      return true;
    case 'flush':
      request.complete({ kind: 'flushed' });
      return true;
    case 'flushExpired':
      request.complete({ kind: 'expired', count: 0 });
      return true;
    default:
      // What a client still has open of a queue that had this name before.
      return false;
  }
}

/** What is left of a get: it confirms, or gives back, what its client has open of a queue that had this name before. */
function settling(request: Request, operation: GetOperation): Request {
  const complete = (result: Result): void => request.complete(result);
  return { operation: { ...operation, read: 'nothing', waitMs: 0 }, owner: request.owner, complete };
}

/** One `set` for each queue; the request has its answer when all have theirs, and it is the worst of them. */
function parts(request: Request, operation: SetOperation, queues: readonly string[]): Request[] {
  let left = queues.length;
  let worst: Result = { kind: 'stored' };
  const complete = (result: Result): void => {
    if (badness(result) > badness(worst)) worst = result;
    left--;
    if (left === 0) request.complete(worst);
  };
  return queues.map((queue) => ({ operation: { ...operation, queue }, owner: request.owner, complete }));
}

function badness(result: Result): number {
  if (result.kind === 'stored') return 0;
  return result.kind === 'full' ? 1 : 2;
}
