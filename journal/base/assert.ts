/**
 * Assertions are for our own mistakes; errors are for the world's. A broken invariant ends the process (nothing
 * acknowledged is lost by that), so nobody catches an `InvariantError`.
 */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/** Throws an {@link InvariantError} unless `condition` holds. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}

/** For the end of an exhaustive switch. */
export function unreachable(value: never): never {
  throw new InvariantError(`unexpected value ${JSON.stringify(value)}`);
}
