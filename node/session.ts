import type { Operation, Owner } from '../cluster/operation.ts';
import { unreachable } from '../journal/base/assert.ts';
import type { Clock } from '../journal/base/clock.ts';
import type { Output } from './answer-writer.ts';
import { Answers, type Overlap } from './answers.ts';
import type { Broker } from './broker-api.ts';
import type { BudgetWaiter } from './byte-budget.ts';
import { flushAllLater } from './delayed-flush.ts';
import type { Command, SetCommand } from './protocol/command.ts';
import { expiresAtMs } from './protocol/expiry.ts';
import { type Key, maxWaitMs } from './protocol/key.ts';
import { KeyCache } from './protocol/key-cache.ts';
import { MemcacheParser } from './protocol/memcache-parser.ts';
import * as reply from './protocol/reply.ts';

export type { Output } from './answer-writer.ts';

export interface SessionSettings {
  /** Whether a value is preceded by its queue's name (Kestrel's way) or by the key as it was asked for. */
  readonly echoKey: 'bare' | 'full';
  /** Larger values are refused without being held. */
  readonly maxValueBytes: number;
  /** Commands of one connection that may be under way, or answered but not written. */
  readonly maxRequests: number;
  /** Bytes of values of one connection that may be under way, or read but not written; one value may always be. */
  readonly maxRequestBytes: number;
}

export const defaultSessionSettings: SessionSettings = {
  echoKey: 'bare',
  maxValueBytes: 8 * 1024 * 1024,
  maxRequests: 256,
  maxRequestBytes: 1024 * 1024,
};

export interface SessionOptions {
  readonly broker: Broker;
  readonly owner: Owner;
  readonly settings: SessionSettings;
  readonly clock: Clock;
  readonly output: Output;
}

/** Beyond this, what can't be started yet stops the reading. */
const maxUnreadBytes = 16 * 1024;

/** Read-only in its effect, so all sessions of the process may share it. */
const sharedKeys = new KeyCache(1024);

type Named<Kind extends Command['kind']> = Extract<Command, { kind: Kind }>;

/**
 * One client's connection that speaks memcache's text protocol, without its socket. Answers come in the order of the
 * commands. Sets that follow one another run at the same time, and so do plain gets; every other command, and a change
 * from one to the other, waits until all before it have been completed.
 *
 * Invariant: nothing is asked of the broker from inside of a `complete`; what one makes possible is done in the next turn.
 */
export class Session implements BudgetWaiter {
  readonly #broker: Broker;
  readonly #settings: SessionSettings;
  readonly #clock: Clock;
  readonly #output: Output;
  readonly #parser: MemcacheParser;
  readonly #answers: Answers;
  readonly #turn = (): void => this.#takeTurn();

  /** `last`: only up to the end of the command that has begun to arrive. */
  #reading: 'on' | 'last' | 'no' = 'on';
  /** Who wants the connection to end once everything that was sent has been answered. */
  #leaving: 'nobody' | 'client' | 'node' = 'nobody';
  #ended = false;
  /** A command that can't be started yet, and how many keys of it have been if it is a multi-get. */
  #waiting: Command | undefined;
  #startedKeys = 0;
  #turnScheduled = false;
  #advancing = false;
  #paused = false;

  constructor(options: SessionOptions) {
    this.#broker = options.broker;
    this.#settings = options.settings;
    this.#clock = options.clock;
    this.#output = options.output;
    const { maxValueBytes } = options.settings;
    this.#parser = new MemcacheParser({ maxValueBytes, budget: options.broker.budget, keys: sharedKeys });
    this.#answers = new Answers(options.broker, options.owner, options.output, () => {
      if (!this.#advancing) this.#scheduleTurn();
    });
  }

  /** Bytes have arrived. They may be overwritten when this returns. */
  receive(chunk: Buffer): void {
    if (this.#reading === 'no') return;
    this.#parser.push(chunk);
    this.#advance();
    this.#parser.detach();
    this.#regulate();
  }

  /**
   * The client sends nothing more, but may still read: what it sent is answered, then the connection ends. A get stops
   * waiting, since a client that has died looks just the same and would lose the item.
   */
  inputEnded(): void {
    this.#leave('client');
  }

  /** The node is about to stop: what was sent is answered, a command that has begun may end, then the connection ends. */
  finish(): void {
    if (this.#leaving === 'nobody') this.#leave('node');
  }

  /** The network has taken all that was written. */
  drained(): void {
    if (this.#ended) return;
    this.#answers.drained();
    this.#takeTurn();
  }

  /** The connection is gone. What it was waiting for is cancelled, what it held goes back. Any number of calls. */
  ended(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stopReading();
    this.#broker.budget.forget(this);
    this.#answers.giveBack();
  }

  /** For the broker's budget: there is room again. */
  roomAgain(): void {
    this.#scheduleTurn();
  }

  #scheduleTurn(): void {
    if (this.#turnScheduled || this.#ended || this.#answers.blocked) return;
    this.#turnScheduled = true;
    this.#clock.defer(this.#turn);
  }

  #takeTurn(): void {
    this.#turnScheduled = false;
    if (this.#ended) return;
    this.#flush();
    this.#advance();
    this.#regulate();
  }

  #leave(why: 'client' | 'node'): void {
    if (this.#ended) return;
    this.#leaving = why;
    this.#answers.stopWaiting();
    this.#advance();
    this.#regulate();
  }

  /** Starts what can be started; writes at once when nothing is left running, since no turn would come for it. */
  #advance(): void {
    this.#advancing = true;
    do {
      this.#pump();
      if (this.#answers.runningCount === 0) this.#flush();
    } while (this.#waiting !== undefined && this.#answers.runningCount === 0 && this.#admits(this.#waiting));
    this.#advancing = false;
    if (this.#answers.ready) this.#scheduleTurn();
  }

  #flush(): void {
    if (this.#answers.flush() === 'close') this.#stopReading();
    if (this.#reading !== 'no' || this.#waiting !== undefined || !this.#answers.idle || this.#ended) return;
    this.#output.end();
    this.ended();
  }

  #pump(): void {
    while (this.#waiting !== undefined || this.#reading !== 'no') {
      const command = this.#waiting ?? this.#nextCommand();
      if (command === undefined) return;
      this.#waiting = command;
      if (!this.#admits(command)) return;
      this.#waiting = undefined;
      this.#start(command);
    }
  }

  #nextCommand(): Command | undefined {
    const command = this.#parser.next();
    if (command === undefined) this.#allRead();
    else if (this.#reading === 'last') this.#reading = 'no';
    return command;
  }

  /** Nothing whole is left to be read: whoever wants to leave may. */
  #allRead(): void {
    if (this.#leaving === 'nobody') return;
    if (this.#leaving === 'client' || this.#parser.atBoundary) this.#stopReading();
    else this.#reading = 'last';
  }

  /** Forgets what was received and not started, too. */
  #stopReading(): void {
    this.#reading = 'no';
    this.#waiting = undefined;
    this.#parser.close();
  }

  /** Whether the command may start now. When it may not, a turn will come at which it may. */
  #admits(command: Command): boolean {
    const answers = this.#answers;
    if (answers.blocked || answers.length >= this.#settings.maxRequests) return false;
    const overlap = overlapOfCommand(command);
    if (answers.runningCount > 0 && (overlap === 'alone' || overlap !== answers.overlap)) return false;
    if (command.kind === 'set') return this.#hasRoom(command.data.length) && this.#budgetAllows();
    return overlap === 'alone' || this.#hasRoom(answers.estimateBytes);
  }

  #hasRoom(bytes: number): boolean {
    const { chargedBytes } = this.#answers;
    return chargedBytes === 0 || chargedBytes + bytes <= this.#settings.maxRequestBytes;
  }

  #budgetAllows(): boolean {
    if (this.#broker.budget.hasRoom) return true;
    this.#broker.budget.wait(this);
    return false;
  }

  #start(command: Command): void {
    switch (command.kind) {
      case 'set':
        this.#startSet(command);
        break;
      case 'get':
        this.#startGet(command.key, command.withId);
        break;
      case 'multiGet':
        this.#startKey(command);
        break;
      case 'delete':
        this.#answers.execute({ kind: 'delete', queue: command.queue }, 'delete', command.noreply, '', true);
        break;
      case 'flush':
        this.#answers.execute({ kind: 'flush', queue: command.queue }, 'flush', false, '', true);
        break;
      case 'flushAll':
        this.#startFlushAll(command);
        break;
      default:
        this.#startText(command);
    }
  }

  /** Commands that are answered from here, without an operation. */
  #startText(command: Named<'stats' | 'version' | 'verbosity' | 'quit' | 'refused'>): void {
    switch (command.kind) {
      case 'stats':
        this.#answers.add(reply.statistics(this.#broker.statistics(command.scope)), 'go on');
        break;
      case 'version':
        this.#answers.add(reply.line(`VERSION ${this.#broker.version}`), 'go on');
        break;
      case 'verbosity':
        this.#answers.add(command.noreply ? reply.nothing : reply.ok, 'go on');
        break;
      case 'quit':
        this.#answerLast(reply.nothing);
        break;
      case 'refused':
        if (command.close) this.#answerLast(reply.line(command.answer));
        else this.#answers.add(command.noreply ? reply.nothing : reply.line(command.answer), 'go on');
        break;
      default:
        unreachable(command);
    }
  }

  #startSet(command: SetCommand): void {
    const { queue, flags, data, exptimeSeconds, noreply } = command;
    const expiry = exptimeSeconds === 0 ? 0 : expiresAtMs(exptimeSeconds, this.#clock.wallMs());
    this.#answers.execute({ kind: 'set', queue, flags, expiresAtMs: expiry, data }, 'set', noreply, '', true);
  }

  #startGet(key: Key, withId: boolean): void {
    const waitMs = this.#leaving === 'nobody' ? key.waitMs : 0;
    const { queue, settle, read } = key;
    const settleId = settle === 'none' ? 0 : this.#answers.oldestOpen(queue);
    const attempt = this.#answers.nextAttempt();
    const operation: Operation = { kind: 'get', queue, settle, settleId, read, waitMs, attempt };
    const echo = this.#settings.echoKey === 'full' ? key.text : key.queue;
    this.#answers.execute(operation, withId ? 'valueWithId' : 'value', false, echo, true);
  }

  /** Starts the next key of a multi-get, which goes on waiting until it has none left. */
  #startKey(command: Named<'multiGet'>): void {
    const queue = command.queues[this.#startedKeys++] as string;
    const last = this.#startedKeys === command.queues.length;
    if (last) this.#startedKeys = 0;
    else this.#waiting = command;
    const attempt = this.#answers.nextAttempt();
    const operation: Operation = { kind: 'get', queue, settle: 'none', settleId: 0, read: 'take', waitMs: 0, attempt };
    this.#answers.execute(operation, command.withId ? 'valueWithId' : 'value', false, queue, last);
  }

  #startFlushAll(command: Named<'flushAll'>): void {
    const spoken = command.brief ? reply.ok : reply.flushedAll;
    const answer = command.noreply ? reply.nothing : spoken;
    if (command.delaySeconds === 0) {
      this.#answers.flushAll(answer);
    } else {
      flushAllLater(this.#broker, this.#clock, Math.min(command.delaySeconds * 1000, maxWaitMs));
      this.#answers.add(answer, 'go on');
    }
  }

  /** Nothing that comes after this is read. */
  #answerLast(answer: Buffer): void {
    this.#answers.add(answer, 'close');
    this.#stopReading();
  }

  /** Stops the reading while much has arrived that can't be started. */
  #regulate(): void {
    const tooMuch = this.#parser.unreadBytes > maxUnreadBytes;
    if (tooMuch === this.#paused || this.#ended) return;
    this.#paused = tooMuch;
    if (tooMuch) this.#output.pause();
    else this.#output.resume();
  }
}

function overlapOfCommand(command: Command): Overlap {
  if (command.kind === 'set') return 'set';
  if (command.kind === 'multiGet') return 'take';
  if (command.kind !== 'get') return 'alone';
  const { settle, read, waitMs } = command.key;
  return settle === 'none' && read === 'take' && waitMs === 0 ? 'take' : 'alone';
}
