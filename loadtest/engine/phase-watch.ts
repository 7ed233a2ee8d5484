import type { ConsumerGroup, Phase } from '../scenario/scenario.ts';
import type { Progress } from './messages.ts';

/** A phase that nothing but its items ends is given up when nothing came or went for so long. */
const stuckMs = 15_000;

export type PhaseState = { readonly kind: 'running' | 'done' } | { readonly kind: 'stuck'; readonly why: string };

/** Knows from the workers' progress when a phase's groups are through with their items. */
export class PhaseWatch {
  readonly #phase: Phase;
  readonly #fanouts: readonly string[];
  #moved = '';
  #movedMs = 0;

  constructor(phase: Phase, fanouts: readonly string[]) {
    this.#phase = phase;
    this.#fanouts = fanouts;
  }

  /** `progress`: what each worker said last of this phase; a worker that said nothing yet has done nothing. */
  look(progress: readonly Progress[], nowMs: number): PhaseState {
    if (this.#isDone(progress)) return { kind: 'done' };
    const moved = JSON.stringify(progress);
    if (moved !== this.#moved || this.#movedMs === 0) this.#movedMs = nowMs;
    this.#moved = moved;
    if (this.#phase.durationMs !== undefined || nowMs - this.#movedMs < stuckMs) return { kind: 'running' };
    return { kind: 'stuck', why: `nothing came or went for ${stuckMs / 1000} s, with items still to be set or read` };
  }

  #isDone(progress: readonly Progress[]): boolean {
    const { producers, consumers, mixed } = this.#phase;
    const counted = [...producers, ...consumers, ...mixed].filter(({ items }) => items !== undefined);
    if (counted.length === 0) return false;
    // In the order in which groups are planned.
    const isThrough = ({ items }: { readonly items: number | 'all' | undefined }, group: number): boolean =>
      typeof items !== 'number' || total(progress, ({ groups }) => groups[group] ?? 0) >= items;
    const setsThrough =
      producers.every(isThrough) &&
      mixed.every((group, index) => isThrough(group, producers.length + consumers.length + index));
    return (
      setsThrough &&
      consumers.every((group, index) => isThrough(group, producers.length + index) && this.#hasReadAll(progress, group))
    );
  }

  /** Whether a group that reads all there is has done so. */
  #hasReadAll(progress: readonly Progress[], { items, fanout }: ConsumerGroup): boolean {
    if (items !== 'all') return true;
    const branch = fanout === undefined ? 0 : 1 + this.#fanouts.indexOf(fanout);
    const acknowledged = total(progress, (one) => one.acknowledged);
    return progress.length > 0 && total(progress, ({ read }) => read[branch] ?? 0) >= acknowledged;
  }
}

function total<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((sum, value) => sum + of(value), 0);
}
