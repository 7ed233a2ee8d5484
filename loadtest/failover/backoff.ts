import { setTimeout as sleep } from 'node:timers/promises';

const firstMs = 5;
const longestMs = 100;

/** Waits between tries: 5 ms, then twice as long each time up to 100 ms, so that a stall is seen to end within that. */
export class Backoff {
  #nextMs = firstMs;

  async wait(): Promise<void> {
    await sleep(this.#nextMs);
    this.#nextMs = Math.min(longestMs, this.#nextMs * 2);
  }

  reset(): void {
    this.#nextMs = firstMs;
  }
}
