import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from '../client/client.ts';
import type { RoamingClient } from '../client/roaming-client.ts';
import { makePayload, type Payload } from '../payload.ts';
import { Backoff } from './backoff.ts';
import type { RunState } from './run-state.ts';

export interface ProducerOptions {
  readonly producer: number;
  readonly client: RoamingClient;
  readonly itemBytes: number;
  readonly intervalMs: number;
  /** Before the first set, so that producers do not all send at once. */
  readonly firstDelayMs: number;
}

/** A producer that fell behind by more goes on from now, so that a stall is not followed by a burst. */
const catchUpMs = 100;

/**
 * Sets one item after the other on the queues in turn, each until it is stored: a try that got no answer, or one that
 * leaves it open, is followed by another with a new sequence, while the old one may be there once or not.
 */
export async function produce(state: RunState, options: ProducerOptions): Promise<void> {
  let nextMs = performance.now() + options.firstDelayMs;
  let queue = options.producer % state.queueNames.length;
  while (state.producing) {
    const nowMs = performance.now();
    if (nextMs > nowMs) await sleep(nextMs - nowMs);
    nextMs = Math.max(nextMs, nowMs - catchUpMs) + options.intervalMs;
    if (state.producing) await setUntilStored(state, options, queue);
    queue = (queue + 1) % state.queueNames.length;
  }
  options.client.close();
}

async function setUntilStored(state: RunState, options: ProducerOptions, queue: number): Promise<void> {
  const backoff = new Backoff();
  const startMs = performance.now();
  const giveUp = (): boolean => performance.now() > state.giveUpAtMs;
  for (;;) {
    const client = await options.client.connected(giveUp);
    if (client === undefined || giveUp()) break;
    const item = state.checker.attempt(options.producer, queue);
    const answer = await client.set(state.queueNames[queue] as string, makePayload(options.itemBytes, item));
    if (settle(state, options.client, item, answer)) break;
    state.retries++;
    await backoff.wait();
  }
  state.stalls.acknowledged(startMs, performance.now());
}

/** Notes what became of a try; true when the item is stored. */
function settle(state: RunState, client: RoamingClient, item: Payload, answer: Answer): boolean {
  switch (answer.kind) {
    case 'stored':
      state.checker.acknowledged(item);
      return true;
    case 'not-stored':
      state.checker.refused(item);
      return false;
    case 'server-error':
    case 'lost':
      return false;
    default:
      state.noteOdd(answer);
      client.close();
      return false;
  }
}
