import type { Clock, Timer } from '../journal/base/clock.ts';

export const heartbeatMs = 500;
export const silenceMs = 2000;

export interface HeartbeatOptions {
  readonly clock: Clock;
  /** Called every {@link heartbeatMs}: something is to be sent, so that the peer hears of us. */
  readonly beat: () => void;
  /** Nothing was heard for {@link silenceMs}. Called once, and `beat` no more. */
  readonly silent: () => void;
}

/** Watches over one link: says when to send a sign of life and when the peer has given none for too long. */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #timer: Timer;
  #heardMs: number;
  #dueMs: number;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#heardMs = options.clock.monotonicMs();
    this.#dueMs = this.#heardMs + heartbeatMs;
    this.#timer = this.#next();
  }

  /** Anything was received. */
  heard(): void {
    this.#heardMs = this.#options.clock.monotonicMs();
  }

  stop(): void {
    this.#timer.cancel();
  }

  #next(): Timer {
    return this.#options.clock.schedule(heartbeatMs, () => this.#tick());
  }

  #tick(): void {
    const nowMs = this.#options.clock.monotonicMs();
    // Late ourselves: what the peer sent meanwhile has not been read yet, so its silence says nothing.
    if (nowMs - this.#dueMs > heartbeatMs) this.#heardMs = nowMs;
    this.#dueMs = nowMs + heartbeatMs;
    if (nowMs - this.#heardMs >= silenceMs) {
      this.#options.silent();
      return;
    }
    this.#timer = this.#next();
    this.#options.beat();
  }
}
