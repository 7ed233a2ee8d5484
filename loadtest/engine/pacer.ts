import type { Connection } from './connection.ts';
import type { Group } from './group.ts';
import type { Recorder } from './recorder.ts';

/** Timers are a millisecond coarse: what is due sooner is waited for in naps of so much. */
const napMs = 0.1;
const timerMs = 2;

const napCell = new Int32Array(new SharedArrayBuffer(4));

/**
 * Begins the requests of a group on schedule, evenly spaced, whether or not earlier ones were answered. Latency counts
 * from the intended time, so that a stall is seen by all that it delayed and not only by the one request that happened
 * to be under way (coordinated omission: Gil Tene, "How NOT to Measure Latency").
 */
export class Pacer {
  readonly #group: Group;
  readonly #connections: readonly Connection[];
  readonly #recorder: Recorder;
  readonly #intervalMs: number;
  #startMs = 0;
  #begun = 0;
  #turn = 0;
  /** Every connection was busy when the next was due: then the server is late, not we. */
  #blocked = false;

  constructor(group: Group, ratePerSecond: number, connections: readonly Connection[], recorder: Recorder) {
    this.#group = group;
    this.#connections = connections;
    this.#recorder = recorder;
    this.#intervalMs = 1000 / ratePerSecond;
  }

  start(nowMs: number): void {
    this.#startMs = nowMs + this.#group.job.phaseShift * this.#intervalMs;
  }

  /** When the next request is to begin; undefined when only an answer can make room for it. */
  get nextMs(): number | undefined {
    return this.#blocked || !this.#group.open ? undefined : this.#startMs + this.#begun * this.#intervalMs;
  }

  /** Begins all that is due. */
  beginDue(nowMs: number): void {
    while (this.#group.open) {
      const intendedMs = this.#startMs + this.#begun * this.#intervalMs;
      if (intendedMs > nowMs) break;
      if (!this.#beginOne(intendedMs, nowMs)) {
        this.#blocked = true;
        return;
      }
      this.#recorder.begun(nowMs - intendedMs, !this.#blocked);
      this.#begun++;
    }
    this.#blocked = false;
  }

  #beginOne(intendedMs: number, nowMs: number): boolean {
    const last = this.#turn;
    do {
      const connection = this.#connections[this.#turn] as Connection;
      this.#turn = (this.#turn + 1) % this.#connections.length;
      if (connection.beginAt(intendedMs, nowMs)) return true;
    } while (this.#turn !== last);
    return false;
  }
}

/** Keeps all schedules of a worker. */
export class Pace {
  readonly #pacers: readonly Pacer[];
  #running = false;

  constructor(pacers: readonly Pacer[]) {
    this.#pacers = pacers;
  }

  start(nowMs: number): void {
    for (const pacer of this.#pacers) pacer.start(nowMs);
    this.#running = true;
    this.#step();
  }

  stop(): void {
    this.#running = false;
  }

  #step(): void {
    if (!this.#running || this.#pacers.length === 0) return;
    const nowMs = performance.now();
    let gapMs = Number.POSITIVE_INFINITY;
    for (const pacer of this.#pacers) {
      pacer.beginDue(nowMs);
      gapMs = Math.min(gapMs, (pacer.nextMs ?? Number.POSITIVE_INFINITY) - nowMs);
    }
    if (gapMs >= timerMs) {
      setTimeout(() => this.#step(), Math.min(gapMs - 1, timerMs));
      return;
    }
    // A nap leaves the core to the server; answers that come meanwhile are read that much later.
    if (gapMs > napMs / 4) Atomics.wait(napCell, 0, 0, Math.min(napMs, gapMs));
    setImmediate(() => this.#step());
  }
}
