import type { Operation, Owner } from '../cluster/operation.ts';
import { unreachable } from '../journal/base/assert.ts';
import type { Clock } from '../journal/base/clock.ts';
import type { Admission } from './admission.ts';
import type { Output } from './answer-writer.ts';
import { Answers, everyQueue, type Overlap, overlapOfRead } from './answers.ts';
import type { Broker } from './broker-api.ts';
import type { BudgetWaiter } from './byte-budget.ts';
import { flushAllLater } from './delayed-flush.ts';
import { askNode, Confirm, type NodeReply } from './node-commands.ts';
import type { NodeService } from './node-service.ts';
import type {
  Command,
  ConfirmCommand,
  GetCommand,
  SeriesCommand,
  SetCommand,
  SingleCommand,
  TellCommand,
} from './protocol/command.ts';
import type { Dialect, Parser } from './protocol/dialect.ts';
import { maxWaitMs } from './protocol/key.ts';

export type { Output } from './answer-writer.ts';

export interface SessionSettings {
  /** Whether a value is preceded by its queue's name (Kestrel's way) or by the key as it was asked for. */
  readonly echoKey: 'bare' | 'full';
  /** Larger values are refused without being held. */
  readonly maxValueBytes: number;
  /** Commands of one connection that may be under way, or answered but not written. */
  readonly maxRequests: number;
  /** Gets of one connection that may wait at the same time. */
  readonly maxWaits: number;
  /** Bytes of values of one connection that may be under way, or read but not written; one value may always be. */
  readonly maxRequestBytes: number;
}

export const defaultSessionSettings: SessionSettings = {
  echoKey: 'bare',
  maxValueBytes: 8 * 1024 * 1024,
  maxRequests: 256,
  maxWaits: 32,
  maxRequestBytes: 1024 * 1024,
};

export interface SessionOptions {
  readonly broker: Broker;
  readonly service: NodeService;
  readonly admission: Admission;
  readonly owner: Owner;
  readonly dialect: Dialect;
  readonly settings: SessionSettings;
  readonly clock: Clock;
  readonly output: Output;
}

/** Beyond this, what can't be started yet stops the reading. */
const maxUnreadBytes = 16 * 1024;

/** Of a series, before whoever else is there has a turn. */
const partsInARow = 50;

type FlushAllCommand = Extract<Command, { kind: 'flushAll' }>;

/**
 * One client's connection, in whatever dialect, without its socket. Answers come in the order of the
 * commands. Sets that follow one another run at the same time, and so do plain gets, and those that wait as long for the
 * same queue; every other command, and a change from one to the other, waits until all before it have been completed.
 *
 * Invariant: nothing is asked of the broker from inside of a `complete`; what one makes possible is done in the next turn.
 */
export class Session implements BudgetWaiter {
  readonly #broker: Broker;
  readonly #service: NodeService;
  readonly #dialect: Dialect;
  readonly #settings: SessionSettings;
  readonly #clock: Clock;
  readonly #output: Output;
  readonly #answers: Answers;
  readonly #turn = (): void => this.#takeTurn();

  /** Chosen by the first byte that arrives. */
  #parser: Parser | undefined;
  /** `last`: only up to the end of the command that has begun to arrive. */
  #reading: 'on' | 'last' | 'no' = 'on';
  /** Who wants the connection to end once everything that was sent has been answered. */
  #leaving: 'nobody' | 'client' | 'node' = 'nobody';
  #ended = false;
  /** A command that can't be started yet. */
  #waiting: SingleCommand | undefined;
  /** A command that has parts left; they go before whatever the parser has next. */
  #series: SeriesCommand | undefined;
  /** Of series, that were not waited for. */
  #parts = 0;
  #turnScheduled = false;
  #advancing = false;
  #paused = false;

  constructor(options: SessionOptions) {
    this.#broker = options.broker;
    this.#service = options.service;
    this.#dialect = options.dialect;
    this.#settings = options.settings;
    this.#clock = options.clock;
    this.#output = options.output;
    const { broker, admission, owner, output } = options;
    this.#answers = new Answers(broker, admission, owner, output, () => {
      if (!this.#advancing) this.#scheduleTurn();
    });
  }

  /** It is this node's turn: something that the client sent has no answer yet. Not so when an answer is there that it doesn't read. */
  get isBusy(): boolean {
    return this.#answers.runningCount > 0 || (this.#waiting !== undefined && !this.#answers.blocked);
  }

  /** Bytes have arrived. They may be overwritten when this returns. */
  receive(chunk: Buffer): void {
    if (this.#reading === 'no') return;
    this.#parser ??= this.#dialect.parser(chunk[0] as number, { ...this.#settings, budget: this.#broker.budget });
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

  /** What is deferred goes before any other I/O, so a series stands back now and then. */
  #scheduleNextPart(): void {
    if (++this.#parts % partsInARow !== 0 || this.#turnScheduled) return this.#scheduleTurn();
    this.#turnScheduled = true;
    this.#clock.schedule(0, this.#turn);
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
    const isFirst = this.#leaving === 'nobody';
    this.#leaving = why;
    if (isFirst) this.#answers.stopWaiting();
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
    else if (this.#series !== undefined && this.#answers.length === 0) this.#scheduleNextPart();
  }

  #flush(): void {
    if (this.#answers.flush() === 'close') this.#stopReading();
    if (
      this.#reading !== 'no' ||
      this.#waiting !== undefined ||
      this.#series !== undefined ||
      !this.#answers.idle ||
      this.#ended
    )
      return;
    this.#output.end();
    this.ended();
  }

  #pump(): void {
    for (let command = this.#nextCommand(); command !== undefined; command = this.#nextCommand()) {
      if (command.kind === 'series') {
        this.#series = command;
      } else {
        this.#waiting = command;
        if (!this.#admits(command)) return;
        this.#waiting = undefined;
        this.#start(command);
      }
    }
  }

  #nextCommand(): Command | undefined {
    if (this.#waiting !== undefined) return this.#waiting;
    if (this.#series !== undefined) {
      if (this.#series.order === 'after' && this.#answers.length > 0) return undefined;
      const part = this.#series.next(this.#clock.monotonicMs());
      if (part !== undefined) return part;
      this.#series = undefined;
    }
    return this.#reading === 'no' ? undefined : this.#readCommand();
  }

  #readCommand(): Command | undefined {
    const command = this.#parser?.next();
    if (command === undefined) this.#allRead();
    else if (this.#reading === 'last') this.#reading = 'no';
    return command;
  }

  /** Nothing whole is left to be read: whoever wants to leave may. */
  #allRead(): void {
    if (this.#leaving === 'nobody') return;
    if (this.#leaving === 'client' || (this.#parser?.atBoundary ?? true)) this.#stopReading();
    else this.#reading = 'last';
  }

  /** Forgets what was received and not started, too. */
  #stopReading(): void {
    this.#reading = 'no';
    this.#waiting = undefined;
    this.#series = undefined;
    this.#parser?.close();
  }

  /** Whether the command may start now. When it may not, a turn will come at which it may. */
  #admits(command: SingleCommand): boolean {
    const answers = this.#answers;
    if (answers.blocked || answers.length >= this.#settings.maxRequests) return false;
    const overlap = overlapOfCommand(command);
    if (answers.runningCount > 0 && (overlap === 'alone' || overlap !== answers.overlap)) return false;
    if (isWait(command) && answers.runningCount >= this.#settings.maxWaits) return false;
    if (command.kind === 'set') return this.#hasRoom(command.data.length) && this.#budgetAllows();
    return overlap === 'alone' || overlap === 'settle' || this.#hasRoom(answers.estimateBytes);
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

  #start(command: SingleCommand): void {
    switch (command.kind) {
      case 'set':
        this.#startSet(command);
        break;
      case 'get':
        this.#startGet(command);
        break;
      case 'delete':
      case 'flush':
      case 'flushExpired':
      case 'statistics':
        this.#answers.execute({ kind: command.kind, queue: command.queue }, command.answer);
        break;
      case 'flushAll':
        this.#startFlushAll(command);
        break;
      case 'flushAllExpired':
        this.#answers.flushAllExpired(command.answer);
        break;
      case 'confirm':
        this.#startConfirm(command);
        break;
      case 'tell':
        this.#tell(command);
        break;
      default:
        this.#reply(askNode(command, this.#broker, this.#service));
    }
  }

  #reply(reply: NodeReply): void {
    switch (reply.kind) {
      case 'tell':
        return this.#tell(reply);
      case 'series':
        this.#series = reply;
        return;
      case 'work':
        return this.#answers.work(reply.work, reply.answer);
      default:
        unreachable(reply);
    }
  }

  #tell({ answer, close }: TellCommand): void {
    this.#answers.add(answer, close ? 'close' : 'go on');
    if (close) this.#stopReading();
  }

  #startConfirm(command: ConfirmCommand): void {
    if (this.#answers.countOpen(command.queue) >= command.count) this.#series = new Confirm(command);
    else this.#answers.add(command.answer, 'go on', { kind: 'violation', why: 'fewer reads are open' });
  }

  #startSet(command: SetCommand): void {
    const { queue, flags, data, lifeMs, options } = command;
    const expiresAtMs = lifeMs === 0 ? command.expiresAtMs : lifeMs + this.#clock.wallMs();
    this.#answers.execute({ kind: 'set', queue, flags, expiresAtMs, data, options }, command.answer);
  }

  #startGet(command: GetCommand): void {
    const { queue, settle, read, itemId = 0, leaseMs = 0, delayMs = 0 } = command.key;
    if (itemId !== 0) return this.#startSettle(command, itemId);
    const waitMs = this.#leaving === 'nobody' ? command.key.waitMs : 0;
    const settleId = settle === 'none' ? 0 : this.#answers.oldestOpen(queue);
    const attempt = this.#answers.nextAttempt();
    const get: Operation = { kind: 'get', queue, settle, settleId, read, waitMs, attempt };
    this.#answers.execute(leaseMs + delayMs === 0 ? get : { ...get, ...timesOf(leaseMs, delayMs) }, command.answer);
  }

  #startSettle({ key, answer }: GetCommand, id: number): void {
    const { queue, settle, delayMs = 0 } = key;
    const how = settle === 'abort' ? 'abort' : 'close';
    const attempt = this.#answers.nextAttempt();
    this.#answers.execute({ kind: 'settle', queue, id, how, attempt, ...timesOf(0, delayMs) }, answer);
  }

  #startFlushAll(command: FlushAllCommand): void {
    if (command.delaySeconds === 0) {
      this.#answers.flushAll(command.answer);
    } else if (!this.#answers.isRefused(everyQueue, command.answer)) {
      flushAllLater(this.#broker, this.#clock, Math.min(command.delaySeconds * 1000, maxWaitMs));
      this.#answers.add(command.answer, 'go on');
    }
  }

  /** Stops the reading while much has arrived that can't be started. */
  #regulate(): void {
    const tooMuch = (this.#parser?.unreadBytes ?? 0) > maxUnreadBytes;
    if (tooMuch === this.#paused || this.#ended) return;
    this.#paused = tooMuch;
    if (tooMuch) this.#output.pause();
    else this.#output.resume();
  }
}

function timesOf(leaseMs: number, delayMs: number): { leaseMs?: number; delayMs?: number } {
  return { ...(leaseMs > 0 ? { leaseMs } : {}), ...(delayMs > 0 ? { delayMs } : {}) };
}

function isWait(command: SingleCommand): boolean {
  return command.kind === 'get' && command.key.waitMs > 0;
}

/** Which operations the command's may run beside. */
function overlapOfCommand(command: SingleCommand): Overlap {
  if (command.kind === 'set') return 'set';
  return command.kind === 'get' ? overlapOfRead(command.key) : 'alone';
}
