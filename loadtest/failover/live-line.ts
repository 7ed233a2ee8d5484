import type { Progress } from '../progress.ts';
import { formatCount, formatMs } from '../report/format.ts';
import type { RunState } from './run-state.ts';

/** The live line of a run: how far it is, how fast, how far the consumers are behind. */
export class LiveLine {
  readonly #state: RunState;
  readonly #progress: Progress;
  readonly #startMs = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #condition = '';
  #last = { atMs: performance.now(), acknowledged: 0 };

  constructor(state: RunState, progress: Progress) {
    this.#state = state;
    this.#progress = progress;
  }

  start(): void {
    this.#timer = setInterval(() => this.#show(), this.#progress.intervalMs);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#progress.finish();
  }

  condition(text: string): void {
    this.#condition = text;
  }

  note(text: string): void {
    this.#progress.note(`${this.#seconds()} s: ${text}`);
  }

  #seconds(): string {
    return ((performance.now() - this.#startMs) / 1000).toFixed(1);
  }

  #show(): void {
    const { checker, stalls, retries } = this.#state;
    const nowMs = performance.now();
    const acknowledged = checker.acknowledgedCount;
    const delivered = checker.deliveredCount;
    const perSecond = ((acknowledged - this.#last.acknowledged) / (nowMs - this.#last.atMs)) * 1000;
    this.#last = { atMs: nowMs, acknowledged };
    const parts = [
      `failover ${this.#seconds()} s`,
      `${formatCount(perSecond)} sets/s`,
      `stored ${formatCount(acknowledged)}`,
      `delivered ${formatCount(delivered)}`,
      `tried again ${formatCount(retries)}`,
      `longest stall ${formatMs(stalls.longest?.durationMs ?? 0)}`,
    ];
    if (this.#condition !== '') parts.push(this.#condition);
    this.#progress.update(parts.join(' · '));
  }
}
