/**
 * What can go wrong outside of our own code, as a closed set:
 * - `io`: a disk operation failed; `no-space`: for want of room; `corrupt`: stored bytes are not what was written;
 * - `locked`: another process owns the data folder;
 * - `unavailable`: a peer or the directory can't be reached; `conflict`: a compare-and-swap lost;
 * - `incompatible`: a peer or a folder of another cluster, protocol or format version;
 * - `invalid`: input that breaks a rule; `closed`: used after it was closed.
 */
export type ErrorCode =
  | 'io'
  | 'no-space'
  | 'corrupt'
  | 'locked'
  | 'unavailable'
  | 'conflict'
  | 'incompatible'
  | 'invalid'
  | 'closed';

/** The one error class. `message` is a whole sentence for an operator, with file and offset where there are any. */
export class WindhoverError extends Error {
  override readonly name = 'WindhoverError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** Turns anything thrown into a WindhoverError; an errno is translated here and nowhere else. */
  static from(error: unknown, context: string): WindhoverError {
    if (error instanceof WindhoverError) return error;
    const errno = error instanceof Error && 'code' in error ? String(error.code) : undefined;
    const code: ErrorCode = errno === 'ENOSPC' || errno === 'EDQUOT' ? 'no-space' : 'io';
    const reason = error instanceof Error ? error.message : String(error);
    return new WindhoverError(code, `${context}: ${reason}`, { cause: error });
  }
}
