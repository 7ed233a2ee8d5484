import type { Hello } from '../cluster/messages.ts';
import type { Owner } from '../cluster/operation.ts';

/**
 * Which processes may still have clients that own reads here. Reads that came with a handover belong to clients of nodes
 * which may never have had a link to this one, so that no link's end tells of theirs.
 */
export class OwnerWatch {
  readonly #me: Hello;
  readonly #isPresent: (node: string, incarnation: string) => boolean;
  /** Processes that have a link to this node, to forward on. */
  readonly #links = new Set<string>();
  /** Processes that own reads here and were nowhere to be seen at the last check. */
  #absent: ReadonlySet<string> = new Set();

  /** `isPresent`: the directory has that process. */
  constructor(me: Hello, isPresent: (node: string, incarnation: string) => boolean) {
    this.#me = me;
    this.#isPresent = isPresent;
  }

  linked(node: string, incarnation: string): void {
    this.#links.add(keyOf(node, incarnation));
  }

  unlinked(node: string, incarnation: string): void {
    this.#links.delete(keyOf(node, incarnation));
  }

  /** Calls `release`, which is to put all owners to the question that it is given. */
  check(release: (isGone: (owner: Owner) => boolean) => void): void {
    const absent = new Set<string>();
    release((owner) => this.#isGone(owner, absent));
    this.#absent = absent;
  }

  /** Neither linked nor in the directory, now and at the last check: a node that has just started is not in every view yet. */
  #isGone({ node, incarnation }: Owner, absent: Set<string>): boolean {
    if (node === this.#me.node) return incarnation !== this.#me.incarnation;
    const key = keyOf(node, incarnation);
    if (this.#links.has(key) || this.#isPresent(node, incarnation)) return false;
    absent.add(key);
    return this.#absent.has(key);
  }
}

/** Tells a node's processes apart. */
function keyOf(node: string, incarnation: string): string {
  return `${node} ${incarnation}`;
}
