import { SimClock } from '../../journal/testing/sim-clock.ts';
import type { Admission } from '../admission.ts';
import type { Dialect } from '../protocol/dialect.ts';
import { memcache } from '../protocol/memcache/dialect.ts';
import { defaultSessionSettings, type Output, Session, type SessionSettings } from '../session.ts';
import { FakeBroker } from './fake-broker.ts';
import { FakeNodeService } from './fake-node-service.ts';

/** A network that takes what it is given, or nothing while `accepting` is false. */
class StageOutput implements Output {
  accepting = true;
  readonly #parts: Buffer[] = [];
  /** Written since the last look, without a copy: it may only be overwritten once it has been taken. */
  #untaken: Buffer[] = [];
  writes = 0;
  isEnded = false;
  isPaused = false;
  settledCount = 0;

  write(bytes: Buffer, more?: Buffer): boolean {
    this.writes++;
    const parts = more === undefined ? [bytes] : [bytes, more];
    if (this.accepting && this.#untaken.length === 0) {
      this.#parts.push(...parts.map((part) => Buffer.from(part)));
      return true;
    }
    this.#untaken.push(...parts);
    return false;
  }

  end(): void {
    this.isEnded = true;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  settled(): void {
    this.settledCount++;
  }

  /** Takes what was left; whoever changed it in the meantime is found out by the bytes. */
  takeRest(): void {
    this.accepting = true;
    this.#parts.push(...this.#untaken);
    this.#untaken = [];
  }

  get taken(): Buffer {
    return Buffer.concat(this.#parts.splice(0));
  }
}

export interface StageOptions {
  readonly broker?: FakeBroker;
  readonly settings?: Partial<SessionSettings>;
  readonly connection?: number;
  readonly dialect?: Dialect;
  readonly statusChangeGraceMs?: number;
  /** By the node's status alone when missing. */
  readonly admission?: (service: FakeNodeService) => Admission;
}

/** One session between a network and a broker that both do as they are told. Text is latin1. */
export class SessionStage {
  readonly broker: FakeBroker;
  readonly clock = new SimClock();
  readonly service: FakeNodeService;
  readonly output = new StageOutput();
  readonly session: Session;

  constructor(options: StageOptions = {}) {
    this.broker = options.broker ?? new FakeBroker();
    this.service = new FakeNodeService(this.clock, options.statusChangeGraceMs);
    this.session = new Session({
      broker: this.broker,
      service: this.service,
      admission: options.admission?.(this.service) ?? this.service.status,
      owner: { node: 'n', incarnation: 'i', connection: options.connection ?? 1 },
      dialect: options.dialect ?? memcache,
      settings: { ...defaultSessionSettings, ...options.settings },
      clock: this.clock,
      output: this.output,
    });
  }

  /** The client sends this, in a buffer that is overwritten at once; gives what it gets back in the same moment. */
  say(text: string | Buffer): string {
    const bytes = Buffer.from(typeof text === 'string' ? Buffer.from(text, 'latin1') : text);
    this.session.receive(bytes);
    bytes.fill(0x21);
    return this.heard();
  }

  /** Everything due has happened; what the client got since it was last asked. */
  heard(): string {
    while (this.clock.nextDueMs() === this.clock.monotonicMs()) this.clock.step();
    return this.output.taken.toString('latin1');
  }

  /** The network takes everything again. */
  drain(): string {
    this.output.takeRest();
    this.session.drained();
    return this.heard();
  }
}

/** `set` with its data, line ends included. */
export function setText(queue: string, data: string, flags = 0): string {
  return `set ${queue} ${flags} 0 ${data.length}\r\n${data}\r\n`;
}

/** The answer to a get that found something. */
export function valueText(key: string, data: string, flags = 0): string {
  return `VALUE ${key} ${flags} ${data.length}\r\n${data}\r\nEND\r\n`;
}
