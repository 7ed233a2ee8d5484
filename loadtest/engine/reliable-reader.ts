import { type Driver, type DriverPort, Retries, type Times, type Tried, Turn } from './driver.ts';
import type { Group, Shared } from './group.ts';
import type { ReaderOrder } from './ledger.ts';
import type { ConnectionJob } from './messages.ts';
import type { ReadHow } from './wires/requests.ts';
import type { Outcome } from './wires/wire.ts';

/** Items read from one source before the next has its turn. */
const turnItems = 32;

/** An item that is read and not closed; `ours` false when the ledger doesn't know it, which is closed all the same. */
interface Held {
  readonly ours: boolean;
  readonly producer: number;
  readonly sequence: number;
}

/**
 * Reads reliably: opens an item, then closes it and opens the next in one request, `turnItems` from a source at most.
 * One request in flight. A leaky reader gives every so many-th item back, by an abort or by ending its connection.
 */
export class ReliableReader implements Driver {
  readonly #port: DriverPort;
  readonly #group: Group;
  readonly #shared: Shared;
  readonly #sources: Turn;
  readonly #order: ReaderOrder = new Map();
  readonly #retries = new Retries();
  #source: number;
  #held: Held | undefined;
  /** What the answer that is under way brings. */
  #incoming: Held | undefined;
  #asked: ReadHow = 'open';
  #itemsOfTurn = 0;
  #items = 0;
  #abort = false;

  constructor(port: DriverPort, group: Group, shared: Shared, job: ConnectionJob) {
    this.#port = port;
    this.#group = group;
    this.#shared = shared;
    this.#sources = new Turn(job.sources, job.id);
    this.#source = this.#sources.next();
  }

  due(): boolean {
    if (this.#held !== undefined) return this.#abort || this.#mayNotGoOn;
    return this.#retries.pending && this.#group.running;
  }

  may(): boolean {
    return this.#group.open && (this.#held !== undefined || !this.#group.holdsBack());
  }

  begin(): Tried | undefined {
    this.#asked = this.#nextRequest();
    const tried = this.#asked === 'open' ? this.#retries.take() : undefined;
    const isNew = this.#asked === 'close-open' || (this.#asked === 'open' && tried === undefined);
    if (isNew) this.#group.budget--;
    const request = this.#port.requests.ask(this.#source, this.#asked);
    const start = this.#port.room(request.length);
    request.copy(this.#port.buffer, start);
    return tried;
  }

  item(_slot: number, buffer: Buffer, start: number, end: number): void {
    const { ledger, counters, queues } = this.#shared;
    const ours = ledger?.read(this.#order, this.#source, buffer, start, end) ?? false;
    this.#incoming = { ours, producer: ledger?.item.producer ?? 0, sequence: ledger?.item.sequence ?? 0 };
    if (ledger === undefined || (ours && ledger.fresh)) counters.readFrom(Math.floor(this.#source / queues));
  }

  answered(_slot: number, outcome: Outcome, text: string, times: Times): void {
    if (outcome !== 'hit' && outcome !== 'miss') {
      this.#shared.recorder.error(text === '' ? `${outcome} as the answer to a read` : text);
      this.#broken(times);
      // Whatever the server has open for this connection goes back when it ends.
      this.#port.drop();
      this.#port.pause();
      return;
    }
    this.#port.resume();
    this.#settleHeld(times);
    this.#held = this.#incoming;
    this.#incoming = undefined;
    if (this.#asked === 'open' || this.#asked === 'close-open') this.#opened(outcome, times);
    if (this.#held === undefined && (outcome === 'miss' || this.#turnIsOver)) this.#nextSource();
  }

  lost(_slot: number, tried: Tried): void {
    this.#broken(tried);
  }

  ended(): void {
    if (this.#held !== undefined) this.#group.budget++;
    this.#held = undefined;
    this.#incoming = undefined;
    this.#abort = false;
  }

  stopped(nowMs: number): void {
    const { waitMs } = this.#group.job;
    for (const { sentMs } of this.#retries.takeAll()) this.#shared.recorder.waited('get', sentMs, nowMs, waitMs);
  }

  get #turnIsOver(): boolean {
    return this.#itemsOfTurn >= turnItems && this.#sources.length > 1;
  }

  /** What is held is to be closed without opening another. */
  get #mayNotGoOn(): boolean {
    return this.#turnIsOver || !this.#group.open || this.#port.leaving;
  }

  #nextRequest(): ReadHow {
    if (this.#held === undefined) return 'open';
    if (this.#abort) return 'abort';
    return this.#mayNotGoOn ? 'close' : 'close-open';
  }

  /** The answer says what became of the item that was held when the request was sent. */
  #settleHeld(times: Times): void {
    const held = this.#held;
    if (held === undefined) return;
    if (this.#asked === 'abort') {
      this.#abort = false;
      return;
    }
    this.#group.done++;
    if (held.ours) this.#shared.ledger?.delivered(held.producer, held.sequence, this.#source);
    if (this.#group.job.measured) {
      const waitMs = this.#asked === 'close-open' ? this.#group.job.waitMs : 0;
      this.#shared.recorder.operation('close', this.#port.target, times, waitMs);
    }
  }

  #opened(outcome: Outcome, times: Times): void {
    const { recorder, counters } = this.#shared;
    const { measured, waitMs, abortEvery, disconnectEvery } = this.#group.job;
    if (outcome === 'miss') {
      this.#group.budget++;
      counters.emptyAtMs[this.#source] = times.sentMs;
      recorder.miss();
      return;
    }
    counters.readAtMs = times.nowMs;
    this.#itemsOfTurn++;
    this.#items++;
    if (measured) recorder.operation('get', this.#port.target, times, waitMs);
    if (isTurn(this.#items, disconnectEvery)) {
      this.#port.drop();
    } else if (isTurn(this.#items, abortEvery)) {
      this.#group.budget++;
      this.#abort = true;
    }
  }

  /** A request was sent and its answer never came, or says nothing. */
  #broken(tried: Tried): void {
    const { ledger } = this.#shared;
    const held = this.#held;
    if (held?.ours && this.#asked !== 'abort') ledger?.closeLost(held.producer, held.sequence, this.#source);
    if (held !== undefined && this.#asked !== 'abort') this.#group.done++;
    if (this.#asked === 'open' || this.#asked === 'close-open') {
      ledger?.readLost(this.#source, false);
      this.#retries.add(tried);
    }
    this.#held = undefined;
    this.#incoming = undefined;
    this.#abort = false;
  }

  #nextSource(): void {
    this.#itemsOfTurn = 0;
    this.#source = this.#sources.next();
  }
}

function isTurn(count: number, every: number | undefined): boolean {
  return every !== undefined && count % every === 0;
}
