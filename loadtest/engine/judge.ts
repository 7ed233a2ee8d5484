import type { VerdictResult } from '../result.ts';
import type { Demands } from '../scenario/scenario.ts';
import type { BranchEvidence, LateRead, LedgerTotals, ProducerEvidence } from './ledger.ts';

/** Bits of a producer's items, merged over all workers. */
interface MergedProducer {
  next: number;
  acknowledged: Uint32Array;
  refused: Uint32Array;
  readonly branches: MergedBranch[];
}

interface MergedBranch {
  read: Uint32Array;
  /** Read by more than one worker. */
  readTwice: Uint32Array;
  delivered: Uint32Array;
  closeUncertain: Uint32Array;
}

/** What the verdict counts; see `VerdictResult`. */
export type Counts = Omit<VerdictResult, 'verified' | 'failures'>;

/** Puts together what the workers know, and compares what was acknowledged with what was delivered. */
export class Judge {
  readonly #queues: number;
  readonly #producers = new Map<number, MergedProducer>();
  readonly #totals: LedgerTotals[] = [];

  constructor(queues: number) {
    this.#queues = queues;
  }

  addProducer(evidence: ProducerEvidence): void {
    let merged = this.#producers.get(evidence.producer);
    if (merged === undefined) {
      merged = { next: 0, acknowledged: none, refused: none, branches: [] };
      this.#producers.set(evidence.producer, merged);
    }
    merged.next = Math.max(merged.next, evidence.next);
    merged.acknowledged = union(merged.acknowledged, evidence.acknowledged);
    merged.refused = union(merged.refused, evidence.refused);
    evidence.branches.forEach((branch, index) => {
      const known = merged.branches[index] ?? { read: none, readTwice: none, delivered: none, closeUncertain: none };
      merged.branches[index] = mergeBranch(known, branch);
    });
  }

  addTotals(totals: LedgerTotals): void {
    this.#totals.push(totals);
  }

  /** `drained`: the queues are known to be empty, so that what is missing is lost, not left. */
  counts(drained: boolean): Counts {
    const sums = {
      acknowledged: 0,
      delivered: 0,
      unexpected: 0,
      uncertain: 0,
      uncertainFound: 0,
      missing: 0,
      valid: 0,
    };
    for (const producer of this.#producers.values()) {
      const copies = producer.branches.length;
      for (let word = 0; word * 32 < Math.max(producer.next, ...producer.branches.map(bitsRead)); word++) {
        const attempted = wordBelow(producer.next, word) & ~at(producer.refused, word);
        const acknowledged = at(producer.acknowledged, word) & attempted;
        sums.acknowledged += bits(acknowledged) * copies;
        sums.uncertain += bits(attempted & ~acknowledged) * copies;
        for (const branch of producer.branches) {
          const delivered = at(branch.delivered, word);
          sums.delivered += bits(delivered & attempted);
          sums.valid += bits(delivered);
          sums.unexpected += bits(at(branch.read, word) & ~attempted);
          sums.uncertainFound += bits(delivered & attempted & ~acknowledged);
          sums.missing += bits(acknowledged & ~delivered & ~at(branch.closeUncertain, word));
        }
      }
    }
    const { missing, valid, ...counted } = sums;
    const deliveries = sum(this.#totals, ({ deliveries: count }) => count);
    // A plain get whose connection broke may have taken its item with it: the server can't know, so nobody is to blame.
    const brokenTakes = sum(this.#totals, (totals) => totals.brokenTakes);
    return {
      ...counted,
      unexpected: sums.unexpected + sum(this.#totals, ({ foreign }) => foreign),
      duplicated: deliveries - valid,
      lost: drained ? Math.max(0, missing - brokenTakes) : 0,
      remaining: drained ? 0 : missing,
      outOfOrder: this.#outOfOrder(),
    };
  }

  /** Late reads that nothing excuses: neither read before elsewhere, nor unacknowledged, nor given back. */
  #outOfOrder(): number {
    const late = new Map<number, number>();
    for (const read of this.#totals.flatMap((totals) => totals.late)) {
      if (this.#isLate(read)) late.set(read.source, (late.get(read.source) ?? 0) + 1);
    }
    let count = sum(this.#totals, ({ lateUnlisted }) => lateUnlisted);
    for (const [source, reads] of late) {
      count += Math.max(0, reads - sum(this.#totals, ({ brokenReads }) => brokenReads.get(source) ?? 0));
    }
    return count;
  }

  #isLate({ producer, sequence, source }: LateRead): boolean {
    const state = this.#producers.get(producer);
    const branch = state?.branches[Math.floor(source / this.#queues)];
    return state !== undefined && has(state.acknowledged, sequence) && !has(branch?.readTwice ?? none, sequence);
  }
}

/** Why the run fails, one line each. `longestMs`: how long the slowest operation waited. */
export function failuresOf(
  demands: Demands,
  verdict: Counts & { readonly verified: boolean },
  errors: number,
  longestMs: number,
): string[] {
  const failures: string[] = [];
  const demand = (count: number, most: number | undefined, what: string): void => {
    if (most !== undefined && count > most) failures.push(`${what}: ${count}, at most ${most} allowed`);
  };
  if (verdict.verified) {
    demand(verdict.lost, demands.lost, 'lost items');
    demand(verdict.duplicated, demands.duplicated, 'duplicated items');
    demand(verdict.unexpected, demands.unexpected, 'unexpected items');
    demand(verdict.outOfOrder, demands.outOfOrder, 'items out of order');
  }
  demand(errors, demands.errors, 'errors');
  demand(Math.round(longestMs), demands.stallMs, 'longest wait in ms');
  return failures;
}

function mergeBranch(known: MergedBranch, added: BranchEvidence): MergedBranch {
  return {
    read: union(known.read, added.read),
    readTwice: union(known.readTwice, intersection(known.read, added.read)),
    delivered: union(known.delivered, added.delivered),
    closeUncertain: union(known.closeUncertain, added.closeUncertain),
  };
}

const none = new Uint32Array(0);

function bitsRead({ read }: MergedBranch): number {
  return read.length * 32;
}

function at(words: Uint32Array, word: number): number {
  return words[word] ?? 0;
}

function has(words: Uint32Array, number: number): boolean {
  return ((at(words, number >>> 5) >>> (number & 31)) & 1) === 1;
}

/** The word of a set of all numbers below `end`. */
function wordBelow(end: number, word: number): number {
  const bitsOfWord = end - word * 32;
  if (bitsOfWord >= 32) return -1;
  return bitsOfWord <= 0 ? 0 : (1 << bitsOfWord) - 1;
}

function union(a: Uint32Array, b: Uint32Array): Uint32Array {
  const [longer, shorter] = a.length >= b.length ? [a, b] : [b, a];
  if (shorter.length === 0) return longer;
  return longer.map((word, index) => word | at(shorter, index));
}

function intersection(a: Uint32Array, b: Uint32Array): Uint32Array {
  return a.subarray(0, Math.min(a.length, b.length)).map((word, index) => word & at(b, index));
}

/** How many bits of a word are set: Warren, Hacker's Delight, 5-1. */
function bits(word: number): number {
  let value = word - ((word >>> 1) & 0x55555555);
  value = (value & 0x33333333) + ((value >>> 2) & 0x33333333);
  value = (value + (value >>> 4)) & 0x0f0f0f0f;
  return Math.imul(value, 0x01010101) >>> 24;
}

function sum<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((total, value) => total + of(value), 0);
}
