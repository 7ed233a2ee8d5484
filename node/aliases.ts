import type { Operation, Request, Result } from '../cluster/operation.ts';

type SetOperation = Extract<Operation, { readonly kind: 'set' }>;
type GetOperation = Extract<Operation, { readonly kind: 'get' }>;

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
