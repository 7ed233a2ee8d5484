/**
 * What can become of a call that did not succeed:
 * - `invalid`: a name, an option or an address breaks a rule; nothing was sent;
 * - `not-stored`: the queue is full or the item too large for it (`NOT_STORED`);
 * - `refused`: the server did not understand or would not do it (`CLIENT_ERROR`, `ERROR`); nothing was done;
 * - `server-error`: the server could not do it (`SERVER_ERROR`). An item that was to be set may be stored or not;
 * - `uncertain`: it was sent and no answer came, because the connection ended: it may have been carried out or not. An
 *   item that was to be set may be stored or not; one that a plain `get` was to take may be gone; one that was to be
 *   confirmed may come again;
 * - `unavailable`: no server could be reached in time; nothing was done;
 * - `overloaded`: more calls are under way, or more connections in use, than the client allows; nothing was done;
 * - `aborted`: its signal was aborted. If it had been sent it may have been carried out or not;
 * - `closed`: the client was closed before, or meanwhile: then it may have been carried out or not.
 */
export type ClientErrorCode =
  | 'invalid'
  | 'not-stored'
  | 'refused'
  | 'server-error'
  | 'uncertain'
  | 'unavailable'
  | 'overloaded'
  | 'aborted'
  | 'closed';

/** The one error that the client throws. */
export class ClientError extends Error {
  override readonly name = 'ClientError';
  readonly code: ClientErrorCode;
  /** Of `setMany`: how many of the items, from the first on, are known to be stored. */
  readonly stored: number | undefined;

  constructor(code: ClientErrorCode, message: string, options: ErrorOptions & { readonly stored?: number } = {}) {
    super(message, options);
    this.code = code;
    this.stored = options.stored;
  }
}
