import { type OperationKind, operationKinds } from '../result.ts';
import type { Times } from './driver.ts';
import { lateMs } from './generator-limit.ts';
import { LatencyCounts } from './latency-counts.ts';
import type { Interval } from './messages.ts';
import { StallFinder } from './stalls.ts';

const maxErrorTexts = 100;
const maxTextLength = 200;

type Recorded = Pick<
  Interval,
  'latencies' | 'perTarget' | 'misses' | 'errors' | 'errorTexts' | 'stalls' | 'longestMs' | 'lateness'
>;

/** Counts what the connections of a worker have done since it was last asked. */
export class Recorder {
  readonly #startMs: number;
  readonly #latencies: Record<OperationKind, LatencyCounts> = {
    set: new LatencyCounts(),
    get: new LatencyCounts(),
    close: new LatencyCounts(),
  };
  readonly #stalls = new StallFinder();
  #perTarget: number[];
  #misses = 0;
  #errors = 0;
  #errorTexts = new Map<string, number>();
  #longestMs = 0;
  #begun = 0;
  #late = 0;
  /** Whether operations count in latencies and rates. */
  recording = true;

  /** `startMs`: when the run began, on the clock that operations are told in. */
  constructor(startMs: number, targets: number) {
    this.#startMs = startMs;
    this.#perTarget = new Array<number>(targets).fill(0);
  }

  /** An operation that succeeded. `waitMs`: how long it may have waited for an item, which is no stall. */
  operation(kind: OperationKind, target: number, { intendedMs, sentMs, nowMs }: Times, waitMs: number): void {
    this.waited(kind, sentMs, nowMs, waitMs);
    if (!this.recording) return;
    this.#latencies[kind].record(nowMs - intendedMs);
    this.#perTarget[target] = (this.#perTarget[target] as number) + 1;
  }

  /**
   * An operation that has waited since it was first sent, whether or not it is over. (A request of an open loop that was
   * sent late because others waited is not a stall of its own.)
   */
  waited(kind: OperationKind, sentMs: number, nowMs: number, waitMs: number): void {
    const durationMs = nowMs - sentMs - waitMs;
    if (durationMs > this.#longestMs) this.#longestMs = durationMs;
    this.#stalls.note(kind, sentMs - this.#startMs, durationMs);
  }

  miss(): void {
    this.#misses++;
  }

  /** Something that was not expected, an answer or not. */
  error(text: string): void {
    this.#errors++;
    const short = text.slice(0, maxTextLength);
    const count = this.#errorTexts.get(short);
    if (count !== undefined || this.#errorTexts.size < maxErrorTexts) this.#errorTexts.set(short, (count ?? 0) + 1);
  }

  /** A request of an open loop was begun, so long after it was meant to be; `free`: it could have been in time. */
  begun(afterMs: number, free: boolean): void {
    this.#begun++;
    if (free && afterMs > lateMs) this.#late++;
  }

  take(): Recorded {
    const taken = {
      latencies: this.#takeLatencies(),
      perTarget: this.#perTarget,
      misses: this.#misses,
      errors: this.#errors,
      errorTexts: [...this.#errorTexts],
      stalls: this.#stalls.take(),
      longestMs: this.#longestMs,
      lateness: { begun: this.#begun, late: this.#late },
    };
    this.#perTarget = this.#perTarget.map(() => 0);
    this.#misses = 0;
    this.#errors = 0;
    this.#errorTexts = new Map();
    this.#longestMs = 0;
    this.#begun = 0;
    this.#late = 0;
    return taken;
  }

  #takeLatencies(): Interval['latencies'] {
    const latencies: Interval['latencies'] = {};
    for (const kind of operationKinds) {
      const pairs = this.#latencies[kind].take();
      if (pairs === undefined) continue;
      latencies[kind] = pairs;
      this.#stalls.usual(kind, medianMs(pairs));
    }
    return latencies;
  }
}

function medianMs(pairs: Float64Array): number {
  let left = 0;
  for (let i = 1; i < pairs.length; i += 2) left += pairs[i] as number;
  left /= 2;
  for (let i = 0; i < pairs.length; i += 2) {
    left -= pairs[i + 1] as number;
    if (left <= 0) return (pairs[i] as number) / 1000;
  }
  return 0;
}
