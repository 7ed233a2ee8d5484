import { type Driver, type DriverPort, Retries, type Times, type Tried, Turn } from './driver.ts';
import type { Group, Shared } from './group.ts';
import type { ReaderOrder } from './ledger.ts';
import type { ConnectionJob } from './messages.ts';
import type { Outcome } from './wires/wire.ts';

/** Gets items from its sources in turn; each is gone once it is sent. */
export class Taker implements Driver {
  readonly #port: DriverPort;
  readonly #group: Group;
  readonly #shared: Shared;
  readonly #sources: Turn;
  /** Of the requests in flight. */
  readonly #asked: Uint32Array;
  readonly #order: ReaderOrder = new Map();
  readonly #retries = new Retries();

  constructor(port: DriverPort, group: Group, shared: Shared, job: ConnectionJob) {
    this.#port = port;
    this.#group = group;
    this.#shared = shared;
    this.#sources = new Turn(job.sources, job.id);
    this.#asked = new Uint32Array(group.job.depth);
  }

  due(): boolean {
    return this.#retries.pending && this.#group.running;
  }

  may(): boolean {
    return this.#group.open && !this.#group.holdsBack();
  }

  begin(slot: number): Tried | undefined {
    const tried = this.#retries.take();
    if (tried === undefined) this.#group.budget--;
    const source = this.#sources.next();
    this.#asked[slot] = source;
    const request = this.#port.requests.ask(source, 'take');
    const start = this.#port.room(request.length);
    request.copy(this.#port.buffer, start);
    return tried;
  }

  item(slot: number, buffer: Buffer, start: number, end: number): void {
    const { ledger, counters, queues } = this.#shared;
    const source = this.#asked[slot] as number;
    if (ledger === undefined || !ledger.read(this.#order, source, buffer, start, end)) return;
    ledger.delivered(ledger.item.producer, ledger.item.sequence, source);
    if (ledger.fresh) counters.readFrom(Math.floor(source / queues));
  }

  answered(slot: number, outcome: Outcome, text: string, times: Times): void {
    const { recorder, ledger, counters, queues } = this.#shared;
    const source = this.#asked[slot] as number;
    if (outcome === 'hit') {
      this.#group.done++;
      counters.readAtMs = times.nowMs;
      if (ledger === undefined) counters.readFrom(Math.floor(source / queues));
      this.#port.resume();
      const { measured, waitMs } = this.#group.job;
      if (measured) recorder.operation('get', this.#port.target, times, waitMs);
    } else if (outcome === 'miss') {
      this.#group.budget++;
      counters.emptyAtMs[source] = times.sentMs;
      recorder.miss();
      this.#port.resume();
    } else {
      recorder.error(text === '' ? `${outcome} as the answer to a get` : text);
      this.#retries.add(times);
      this.#port.pause();
    }
  }

  lost(slot: number, tried: Tried): void {
    this.#shared.ledger?.readLost(this.#asked[slot] as number, true);
    this.#retries.add(tried);
  }

  ended(): void {}

  stopped(nowMs: number): void {
    const { waitMs } = this.#group.job;
    for (const { sentMs } of this.#retries.takeAll()) this.#shared.recorder.waited('get', sentMs, nowMs, waitMs);
  }
}
