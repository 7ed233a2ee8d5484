import type { Requests } from './wires/requests.ts';
import type { Outcome } from './wires/wire.ts';

/** The connection as its driver sees it. */
export interface DriverPort {
  /** Index of the target that it is connected to. */
  readonly target: number;
  readonly requests: Requests;
  /** Makes room for a request in {@link buffer}, which may be another one afterwards; gives where it begins. */
  room(bytes: number): number;
  readonly buffer: Buffer;
  /** Nothing is begun for a while, longer each time until `resume`. */
  pause(): void;
  /** Things go well: the next pause is a short one again. */
  resume(): void;
  /** Ends the connection and makes another, once the answers at hand are dealt with. */
  drop(): void;
}

/** What a connection does: which requests it sends, what it makes of the answers. A slot is a request in flight. */
export interface Driver {
  /** Whether it has something to send that no schedule and no budget is to hold up: a try again, a close. */
  due(): boolean;
  /** Whether it could begin something new. */
  may(): boolean;
  /** Writes a request; gives when it is taken to have begun: `intendedMs`, or earlier when it is a try again. */
  begin(slot: number, intendedMs: number): number;
  /** The data of an item that answers the slot's request; see `WireSink`. */
  item(slot: number, buffer: Buffer, start: number, end: number): void;
  answered(slot: number, outcome: Outcome, text: string, startMs: number, nowMs: number): void;
  /** The connection ended before there was an answer. */
  lost(slot: number, startMs: number): void;
  /** The connection ended, after `lost` for all that was in flight: what it had open is given back. */
  ended(): void;
  /** The phase is over and nothing new is to be begun: what is still to be tried again won't be. */
  stopped(nowMs: number): void;
}

/** What is to be tried again, by when it was first begun. */
export class Retries {
  readonly #startsMs: number[] = [];

  get pending(): boolean {
    return this.#startsMs.length > 0;
  }

  add(startMs: number): void {
    this.#startsMs.push(startMs);
  }

  /** The next one's beginning, or undefined. */
  take(): number | undefined {
    return this.#startsMs.shift();
  }

  takeAll(): number[] {
    return this.#startsMs.splice(0);
  }
}

/** Takes the members of a list in turn. */
export class Turn {
  readonly #list: readonly number[];
  #next: number;

  /** Connections that share a list begin at different places. */
  constructor(list: readonly number[], first: number) {
    this.#list = list;
    this.#next = first % list.length;
  }

  get length(): number {
    return this.#list.length;
  }

  next(): number {
    const taken = this.#list[this.#next] as number;
    this.#next = this.#next + 1 === this.#list.length ? 0 : this.#next + 1;
    return taken;
  }
}
