import type { Answer, Client } from '../client/client.ts';
import type { RoamingClient } from '../client/roaming-client.ts';
import { type Payload, readPayload } from '../payload.ts';
import { Backoff } from './backoff.ts';
import type { RunState } from './run-state.ts';

export interface ConsumerOptions {
  /** Tells readers apart in the check of order. */
  readonly name: string;
  readonly client: RoamingClient;
  /** Indexes of the queues that it reads in turn. */
  readonly queues: readonly number[];
  /** How long a read waits for an item. */
  readonly waitMs: number;
}

/** Items read from one queue before the next has its turn. */
const turnItems = 32;

/** What is read and not closed: `item` undefined when it was none of ours, which is closed all the same. */
interface Held {
  readonly item: Payload | undefined;
}

/** Reads reliably, `/close/open` on one connection, until the run says that it is enough; then closes what it holds. */
export async function consume(state: RunState, options: ConsumerOptions): Promise<void> {
  const backoff = new Backoff();
  const enough = (): boolean => !state.consuming;
  for (let turn = 0; state.consuming; turn++) {
    const client = await options.client.connected(enough);
    if (client === undefined) break;
    const queue = options.queues[turn % options.queues.length] as number;
    if (await readTurn(state, options, client, queue)) backoff.reset();
    else await backoff.wait();
  }
  options.client.close();
}

/** Reads from one queue until it is empty or others are due. False when the connection had to be given up. */
async function readTurn(state: RunState, options: ConsumerOptions, client: Client, queue: number): Promise<boolean> {
  const name = state.queueNames[queue] as string;
  let held: Held | undefined;
  for (let items = 0; items < turnItems && state.consuming; items++) {
    const sentMs = performance.now();
    const answer = await client.get(`${name}${held === undefined ? '' : '/close'}/open/t=${options.waitMs}`);
    if (!settleHeld(state, options.client, held, answer)) return false;
    held = takeItem(state, options, queue, answer);
    if (held === undefined) {
      state.noteEmpty(queue, sentMs);
      return true;
    }
  }
  return held === undefined || settleHeld(state, options.client, held, await client.get(`${name}/close`));
}

/** Notes whether what was held is closed. False when the answer leaves it open: then the connection is given up. */
function settleHeld(state: RunState, client: RoamingClient, held: Held | undefined, answer: Answer): boolean {
  const item = held?.item;
  if (answer.kind === 'end') {
    if (item !== undefined) state.checker.closed(item);
    return true;
  }
  if (item !== undefined) state.checker.closeLost(item);
  if (answer.kind !== 'server-error' && answer.kind !== 'lost') state.noteOdd(answer);
  // Whatever the server has open for this connection goes back when it ends.
  client.close();
  return false;
}

function takeItem(state: RunState, options: ConsumerOptions, queue: number, answer: Answer): Held | undefined {
  const read = answer.items[0];
  if (read === undefined) return undefined;
  state.noteRead(performance.now());
  const payload = readPayload(read.data, 0, read.data.length);
  return { item: state.checker.read(options.name, queue, payload) ? payload : undefined };
}
