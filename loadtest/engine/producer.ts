import { type Driver, type DriverPort, Retries, type Times, type Tried, Turn } from './driver.ts';
import type { Group, Shared } from './group.ts';
import type { ConnectionJob } from './messages.ts';
import { writeSet } from './wires/requests.ts';
import type { Outcome } from './wires/wire.ts';

/**
 * Sets items on its queues in turn. A set that got no answer, or one that leaves it open, is tried again as a new item,
 * while the old one may be there once or not; its time counts from the first try.
 */
export class Producer implements Driver {
  readonly #port: DriverPort;
  readonly #group: Group;
  readonly #shared: Shared;
  readonly #producer: number;
  readonly #queues: Turn;
  readonly #nextSize: () => number;
  readonly #sequences: Float64Array;
  readonly #retries = new Retries();
  readonly #payload: { run: number; producer: number; sequence: number; queue: number };

  constructor(port: DriverPort, group: Group, shared: Shared, job: ConnectionJob, nextSize: () => number) {
    this.#port = port;
    this.#group = group;
    this.#shared = shared;
    this.#producer = job.producer;
    this.#queues = new Turn(job.sources, job.id);
    this.#nextSize = nextSize;
    this.#sequences = new Float64Array(group.job.depth);
    this.#payload = { run: shared.run, producer: job.producer, sequence: 0, queue: 0 };
  }

  due(): boolean {
    return this.#retries.pending && this.#group.running;
  }

  may(): boolean {
    return this.#group.open;
  }

  begin(slot: number): Tried | undefined {
    const tried = this.#retries.take();
    if (tried === undefined) this.#group.budget--;
    const template = this.#port.requests.set(this.#queues.next(), this.#nextSize());
    const sequence = this.#shared.ledger?.attempt(this.#producer) ?? 0;
    this.#sequences[slot] = sequence;
    this.#payload.sequence = sequence;
    const start = this.#port.room(template.bytes.length);
    writeSet(template, this.#port.buffer, start, this.#payload);
    return tried;
  }

  item(): void {
    this.#shared.recorder.error('an item that nobody asked for');
  }

  answered(slot: number, outcome: Outcome, text: string, times: Times): void {
    const { recorder, ledger, counters } = this.#shared;
    const sequence = this.#sequences[slot] as number;
    if (outcome === 'set') {
      ledger?.acknowledged(this.#producer, sequence);
      counters.acknowledged++;
      this.#group.done++;
      this.#port.resume();
      if (this.#group.job.measured) recorder.operation('set', this.#port.target, times, 0);
      return;
    }
    if (outcome === 'refused') ledger?.refused(this.#producer, sequence);
    recorder.error(text === '' ? `${outcome} as the answer to a set` : text);
    this.#retries.add(times);
    this.#port.pause();
  }

  lost(_slot: number, tried: Tried): void {
    this.#retries.add(tried);
  }

  ended(): void {}

  stopped(nowMs: number): void {
    for (const { sentMs } of this.#retries.takeAll()) this.#shared.recorder.waited('set', sentMs, nowMs, 0);
  }
}
