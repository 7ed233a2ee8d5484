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
  /** It is about to go back to the target that it was made for: what is open is to be closed. */
  readonly leaving: boolean;
}

/** What a connection does: which requests it sends, what it makes of the answers. A slot is a request in flight. */
export interface Driver {
  /** Whether it has something to send that no schedule and no budget is to hold up: a try again, a close. */
  due(): boolean;
  /** Whether it could begin something new. */
  may(): boolean;
  /** Writes a request; gives the one that it tries again, or undefined when it is a new one. */
  begin(slot: number): Tried | undefined;
  /** The data of an item that answers the slot's request; see `WireSink`. */
  item(slot: number, buffer: Buffer, start: number, end: number): void;
  answered(slot: number, outcome: Outcome, text: string, times: Times): void;
  /** The connection ended before there was an answer. */
  lost(slot: number, tried: Tried): void;
  /** The connection ended, after `lost` for all that was in flight: what it had open is given back. */
  ended(): void;
  /** The phase is over and nothing new is to be begun: what is still to be tried again won't be. */
  stopped(nowMs: number): void;
}

/** When an operation was meant to begin, and when it was first sent. */
export interface Tried {
  readonly intendedMs: number;
  readonly sentMs: number;
}

/** Those of an operation that is answered. */
export interface Times extends Tried {
  readonly nowMs: number;
}

/** What is to be tried again. */
export class Retries {
  readonly #tried: Tried[] = [];

  get pending(): boolean {
    return this.#tried.length > 0;
  }

  add({ intendedMs, sentMs }: Tried): void {
    this.#tried.push({ intendedMs, sentMs });
  }

  take(): Tried | undefined {
    return this.#tried.shift();
  }

  takeAll(): Tried[] {
    return this.#tried.splice(0);
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
