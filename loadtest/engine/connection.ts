import { Backoff } from '../client/backoff.ts';
import { dial, type Link } from '../client/dial.ts';
import type { Outbox } from '../client/outbox.ts';
import type { Target } from '../client/target.ts';
import type { Driver, DriverPort, Times } from './driver.ts';
import type { Recorder } from './recorder.ts';
import type { Requests } from './wires/requests.ts';
import type { Outcome, Wire, WireSink } from './wires/wire.ts';

const firstPauseMs = 5;
const longestPauseMs = 100;
/** How often one that had to go elsewhere looks whether its own target is back. */
const homesickMs = 2000;

export interface ConnectionOptions {
  readonly targets: readonly Target[];
  /** Index of the target that it goes to first, and to which others go in turn when one doesn't answer. */
  readonly target: number;
  /** Requests in flight, at most. */
  readonly depth: number;
  /** In a closed loop every answer begins the next request at once; in an open one `beginAt` does. */
  readonly loop: 'closed' | 'open';
  /** It is given up when an answer is due and nothing has come for so long. */
  readonly silenceMs: number;
  readonly recorder: Recorder;
  readonly outbox: Outbox;
  makeDriver(port: DriverPort): Driver;
  openWire(sink: WireSink, sendControl: (bytes: Buffer) => void): Wire;
  /** An answer of an open loop has made room for a request. */
  idle(nowMs: number): void;
}

/** `away`: no socket, and none wanted yet or any more. */
type State = 'away' | 'connecting' | 'open';

/**
 * One connection of a load, which makes itself anew for as long as it isn't closed: what was in flight when it ended is
 * told to its driver, and the next target has its turn. Hot path: one write a read, whatever came in it, and nothing
 * allocated for a request.
 */
export class Connection implements WireSink, DriverPort {
  readonly #options: ConnectionOptions;
  readonly #driver: Driver;
  /** When each request in flight was begun: a ring, `#oldest` the one whose answer is next. */
  readonly #intendedMs: Float64Array;
  readonly #sentMs: Float64Array;
  /** Told to the driver, and written over by the next. */
  readonly #times = { intendedMs: 0, sentMs: 0, nowMs: 0 };
  #oldest = 0;
  #inFlight = 0;
  #answered = 0;
  #nowMs = 0;
  /** When something was last heard of the server, or had to be expected from. */
  #heardMs = 0;
  #state: State = 'away';
  #closed = false;
  #dropping = false;
  #link!: Link;
  #wire!: Wire;
  #turn: number;
  /** Of tries to connect since one succeeded. */
  #refused = 0;
  readonly #pauses = new Backoff(firstPauseMs, longestPauseMs);
  /** When the target that it was made for was last found gone; it is looked for again from time to time. */
  #strayedMs = 0;
  #looking = false;
  #leaving = false;
  #timer: NodeJS.Timeout | undefined;
  #connected: ((error: Error | undefined) => void) | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#intendedMs = new Float64Array(options.depth);
    this.#sentMs = new Float64Array(options.depth);
    this.#turn = options.target;
    this.#driver = options.makeDriver(this);
  }

  /** Resolves once connected, with nothing begun; rejects when no target could be reached within the time given. */
  connect(patienceMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = setTimeout(() => {
        this.close();
        this.#connected?.(new Error('no target could be reached'));
      }, patienceMs);
      this.#connected = (error) => {
        this.#connected = undefined;
        clearTimeout(giveUp);
        if (error === undefined) resolve();
        else reject(error);
      };
      this.#connectNext();
    });
  }

  get target(): number {
    return this.#turn;
  }

  get leaving(): boolean {
    return this.#leaving;
  }

  get requests(): Requests {
    return this.#wire.requests;
  }

  get buffer(): Buffer {
    return this.#options.outbox.buffer;
  }

  /** Whether nothing is in flight and nothing is left to be ended. */
  get settled(): boolean {
    return this.#state !== 'open' || (this.#inFlight === 0 && !this.#driver.due());
  }

  room(bytes: number): number {
    return this.#options.outbox.room(bytes, this.#link.socket);
  }

  pause(): void {
    if (this.#timer !== undefined || this.#closed) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#state === 'away') this.#connectNext();
      else this.pump(performance.now());
    }, this.#pauses.next());
  }

  resume(): void {
    this.#pauses.reset();
  }

  drop(): void {
    this.#dropping = true;
  }

  /** Begins what is due and, in a closed loop, as much more as depth and budget allow. */
  pump(nowMs: number): void {
    if (this.#state !== 'open' || this.#timer !== undefined || this.#dropping) return;
    const { depth, loop, outbox } = this.#options;
    const closed = loop === 'closed' && !this.#leaving;
    while (this.#inFlight < depth && (this.#driver.due() || (closed && this.#driver.may()))) this.#begin(nowMs, nowMs);
    outbox.flush();
    if (this.#leaving && this.settled) this.#goHome();
  }

  /** Begins one request that was meant to begin at `intendedMs`; false when it can't now. */
  beginAt(intendedMs: number, nowMs: number): boolean {
    if (this.#state !== 'open' || this.#timer !== undefined || this.#inFlight === this.#options.depth) return false;
    if (this.#leaving || !this.#driver.may()) return false;
    this.#begin(intendedMs, nowMs);
    this.#options.outbox.flush();
    return true;
  }

  /** To be called several times a second: ends it if the server has been silent for too long, and sees it home. */
  check(nowMs: number): void {
    const { silenceMs, target } = this.#options;
    if (this.#state !== 'open') return;
    if (this.#inFlight > 0 && nowMs - this.#heardMs > silenceMs) this.#lose(`no answer within ${silenceMs / 1000} s`);
    else if (this.#turn !== target && nowMs - this.#strayedMs > homesickMs) this.#lookForHome(nowMs);
  }

  /** Ends the connection for good; what is in flight counts as lost. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#state === 'open') this.#settleLost();
    this.#driver.stopped(performance.now());
    this.#away();
  }

  item(buffer: Buffer, start: number, end: number): void {
    if (this.#dropping || this.#inFlight === this.#answered) return;
    this.#driver.item((this.#oldest + this.#answered) % this.#options.depth, buffer, start, end);
  }

  answered(outcome: Outcome, text: string): void {
    if (this.#dropping) return;
    if (this.#inFlight === this.#answered) {
      this.#options.recorder.error(text === '' ? 'an answer that nobody asked for' : text);
      this.#dropping = true;
      return;
    }
    const slot = (this.#oldest + this.#answered) % this.#options.depth;
    this.#answered++;
    this.#driver.answered(slot, outcome, text, this.#timesOf(slot));
  }

  #begin(intendedMs: number, nowMs: number): void {
    const slot = (this.#oldest + this.#inFlight) % this.#options.depth;
    if (this.#inFlight === 0) this.#heardMs = nowMs;
    const tried = this.#driver.begin(slot);
    this.#intendedMs[slot] = tried?.intendedMs ?? intendedMs;
    this.#sentMs[slot] = tried?.sentMs ?? nowMs;
    this.#inFlight++;
  }

  #timesOf(slot: number): Times {
    this.#times.intendedMs = this.#intendedMs[slot] as number;
    this.#times.sentMs = this.#sentMs[slot] as number;
    this.#times.nowMs = this.#nowMs;
    return this.#times;
  }

  #receive(buffer: Buffer, bytes: number): void {
    this.#nowMs = performance.now();
    this.#heardMs = this.#nowMs;
    try {
      this.#wire.receive(buffer, bytes);
    } catch (error) {
      this.#consume();
      this.#lose(error instanceof Error ? error.message : String(error));
      return;
    }
    this.#consume();
    if (this.#dropping) this.#reopen();
    else this.pump(this.#nowMs);
    if (this.#options.loop === 'open' && this.#inFlight < this.#options.depth) this.#options.idle(this.#nowMs);
  }

  #consume(): void {
    this.#oldest = (this.#oldest + this.#answered) % this.#options.depth;
    this.#inFlight -= this.#answered;
    this.#answered = 0;
  }

  #connectNext(): void {
    if (this.#closed || this.#state !== 'away') return;
    this.#state = 'connecting';
    this.#link = dial(this.#options.targets[this.#turn] as Target, {
      opened: () => this.#opened(),
      received: (buffer, bytes) => this.#receive(buffer, bytes),
      ended: (why) => {
        if (this.#state === 'open') this.#lose(why);
        else this.#refuse();
      },
    });
  }

  #opened(): void {
    this.#state = 'open';
    this.#refused = 0;
    this.#pauses.reset();
    const { socket } = this.#link;
    this.#wire = this.#options.openWire(this, (bytes) => socket.write(bytes));
    if (this.#wire.hello !== undefined) socket.write(this.#wire.hello);
    this.#connected?.(undefined);
    const nowMs = performance.now();
    this.pump(nowMs);
    if (this.#options.loop === 'open') this.#options.idle(nowMs);
  }

  /** The target can't be reached: the next has its turn, after a pause once all have refused. */
  #refuse(): void {
    this.#away();
    this.#refused++;
    this.#turn = (this.#turn + 1) % this.#options.targets.length;
    if (this.#refused % this.#options.targets.length === 0) this.pause();
    else this.#connectNext();
  }

  /** Knocks at the target that it was made for; if somebody is there it goes back once nothing is under way. */
  #lookForHome(nowMs: number): void {
    if (this.#looking || this.#leaving) return;
    this.#looking = true;
    this.#strayedMs = nowMs;
    const knock = dial(this.#options.targets[this.#options.target] as Target, {
      opened: () => {
        knock.drop();
        this.#looking = false;
        this.#leaving = this.#state === 'open';
        this.pump(performance.now());
      },
      received: () => undefined,
      ended: () => {
        this.#looking = false;
      },
    });
  }

  #goHome(): void {
    this.#away();
    this.#turn = this.#options.target;
    this.#connectNext();
  }

  /** The connection is no good any more, which is none of our doing. */
  #lose(why: string): void {
    this.#options.recorder.error(why);
    this.#strayedMs = performance.now();
    this.#settleLost();
    this.#away();
    this.#turn = (this.#turn + 1) % this.#options.targets.length;
    this.#connectNext();
  }

  /** Ends the connection on purpose, and makes another to the same target. */
  #reopen(): void {
    this.#settleLost();
    this.#away();
    if (this.#timer === undefined) this.#connectNext();
  }

  #settleLost(): void {
    for (; this.#inFlight > 0; this.#inFlight--) {
      this.#driver.lost(this.#oldest, this.#timesOf(this.#oldest));
      this.#oldest = (this.#oldest + 1) % this.#options.depth;
    }
    this.#driver.ended();
  }

  #away(): void {
    this.#state = 'away';
    this.#dropping = false;
    this.#leaving = false;
    this.#link?.drop();
  }
}
