import type { Owner, Result, SettleOperation } from '../../cluster/operation.ts';

const maxRemembered = 4096;

/**
 * What was answered to the last settlements by id, so that one whose answer was lost with a link is answered the same
 * when it is asked again: it must not settle the read that another client has of the item by now.
 */
export class Settlements {
  /** In the order in which they were made. */
  readonly #answers = new Map<string, Result>();

  /** The answer that was given to the same attempt, if it was made here and not too long ago. */
  recall(owner: Owner, settle: SettleOperation): Result | undefined {
    return settle.again ? this.#answers.get(nameOf(owner, settle)) : undefined;
  }

  remember(owner: Owner, settle: SettleOperation, answer: Result): void {
    this.#answers.set(nameOf(owner, settle), answer);
    if (this.#answers.size <= maxRemembered) return;
    for (const oldest of this.#answers.keys()) {
      this.#answers.delete(oldest);
      return;
    }
  }
}

function nameOf({ node, incarnation, connection }: Owner, { attempt = 0 }: SettleOperation): string {
  return `${node} ${incarnation} ${connection} ${attempt}`;
}
