import type { Clock, Timer } from '../journal/base/clock.ts';

export const heartbeatMs = 800;
export const silenceMs = 2000;

export interface HeartbeatOptions {
  readonly clock: Clock;
  /** Called every {@link heartbeatMs}: something is to be sent, so that the peer hears of us. */
  readonly beat: () => void;
  /** Whether the peer has a reason to send anything now; while it has none, its silence says nothing. */
  readonly expecting: () => boolean;
  /** Nothing was heard for {@link silenceMs}. Called once, and `beat` no more. */
  readonly silent: () => void;
}

/** Watches over one link: says when to send a sign of life and when the peer has given none for too long. */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #timer: Timer;
  #heardMs: number;
  #dueMs = 0;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#heardMs = options.clock.monotonicMs();
    this.#timer = this.#next(this.#heardMs);
  }

  /** Anything was received. */
  heard(): void {
    this.#heardMs = this.#options.clock.monotonicMs();
  }

  stop(): void {
    this.#timer.cancel();
  }

  #next(nowMs: number): Timer {
    // A whole millisecond at least: times have fractions, and one too small to count would come round for ever.
    const delayMs = Math.max(1, Math.min(heartbeatMs, this.#heardMs + silenceMs - nowMs));
    this.#dueMs = nowMs + delayMs;
    return this.#options.clock.schedule(delayMs, () => this.#tick());
  }

  #tick(): void {
    const nowMs = this.#options.clock.monotonicMs();
    // The time by which we are late ourselves doesn't count: what the peer sent meanwhile has not been read yet.
    this.#heardMs = Math.min(nowMs, this.#heardMs + Math.max(0, nowMs - this.#dueMs));
    if (!this.#options.expecting()) this.#heardMs = nowMs;
    if (nowMs - this.#heardMs >= silenceMs) {
      this.#options.silent();
      return;
    }
    this.#timer = this.#next(nowMs);
    this.#options.beat();
  }
}
