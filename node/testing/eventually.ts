import { setTimeout as sleep } from 'node:timers/promises';

const pollMs = 25;

/**
 * Asks again and again until there is an answer; rejects with what was waited for, and why it was not there the last
 * time, after `limitMs`.
 */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  limitMs = 20_000,
): Promise<T> {
  const deadlineMs = performance.now() + limitMs;
  let why = '';
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      why = `: ${error instanceof Error ? error.message : String(error)}`;
    }
    if (performance.now() >= deadlineMs) throw new Error(`${what}: not within ${limitMs} ms${why}`);
    await sleep(pollMs);
  }
}

/** The promise's outcome, or a rejection that says what was waited for. */
export function within<T>(limitMs: number, what: string, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${what}: not within ${limitMs} ms`)), limitMs);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
