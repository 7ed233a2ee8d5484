import type { OperationKind } from '../result.ts';

/** A time in which operations of a kind took unusually long, in milliseconds of the run. */
export interface Stall {
  readonly kind: OperationKind;
  /** When the one that took longest began, and how long it took. */
  readonly atMs: number;
  readonly durationMs: number;
}

/** Shorter is never unusual. */
const leastMs = 50;
/** So many times the usual is. */
const unusualTimes = 5;
const maxKept = 200;

/** Finds stalls among the operations of a worker. What overlaps is one stall: that of its longest operation. */
export class StallFinder {
  #found: Stall[] = [];
  readonly #thresholdMs = new Map<OperationKind, number>();

  /** How long the kind's operations took of late; 0: there were none, which changes nothing. */
  usual(kind: OperationKind, medianMs: number): void {
    if (medianMs > 0) this.#thresholdMs.set(kind, Math.max(leastMs, medianMs * unusualTimes));
  }

  /** An operation took so long, or has taken so long and isn't over. */
  note(kind: OperationKind, atMs: number, durationMs: number): void {
    if (durationMs < leastMs || durationMs < (this.#thresholdMs.get(kind) ?? leastMs)) return;
    this.#found = withStall(this.#found, { kind, atMs, durationMs });
    if (this.#found.length > maxKept) this.#found = longestStalls(this.#found, maxKept / 2);
  }

  take(): Stall[] {
    const found = this.#found;
    this.#found = [];
    return found;
  }
}

/** Adds a stall to others that do not overlap one another: it is joined with those that it overlaps. */
export function withStall(stalls: readonly Stall[], stall: Stall): Stall[] {
  const apart = stalls.filter((other) => !overlap(other, stall));
  const joined = stalls.filter((other) => overlap(other, stall));
  return [
    ...apart,
    joined.reduce((longest, other) => (other.durationMs > longest.durationMs ? other : longest), stall),
  ];
}

/** The longest, longest first. */
export function longestStalls(stalls: readonly Stall[], count: number): Stall[] {
  return [...stalls].sort((a, b) => b.durationMs - a.durationMs).slice(0, count);
}

function overlap(a: Stall, b: Stall): boolean {
  return a.kind === b.kind && a.atMs < b.atMs + b.durationMs && b.atMs < a.atMs + a.durationMs;
}
