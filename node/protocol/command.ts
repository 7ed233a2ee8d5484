import type { GetOperation, SetOptions } from '../../cluster/operation.ts';
import type { Statistic, StatisticsScope } from '../broker-api.ts';
import type { Members } from '../node-service.ts';
import type { Answer } from './answer.ts';
import type { StatusName } from './status-name.ts';

/** Store an item. */
export interface SetCommand {
  readonly kind: 'set';
  readonly queue: string;
  readonly flags: number;
  /** The item expires so long after it was set; 0: see `expiresAtMs`. */
  readonly lifeMs: number;
  /** Wall clock; 0 never. */
  readonly expiresAtMs: number;
  /** Valid until the parser is asked for the next command, or its chunk is overwritten, whichever is sooner. */
  readonly data: Buffer;
  readonly options?: SetOptions | undefined;
  readonly answer: Answer;
}

/** What to do with one queue's items: settle an open read, then read. */
export interface Read extends Pick<GetOperation, 'queue' | 'settle' | 'read' | 'waitMs' | 'leaseMs' | 'delayMs'> {
  /** The open read to be settled, by its item, whosever it is, and nothing else; 0 or absent: the connection's oldest. */
  readonly itemId?: number;
}

/** Read from one queue. */
export interface GetCommand {
  readonly kind: 'get';
  readonly key: Read;
  readonly answer: Answer;
}

/** Answered by the node without an operation. */
export type NodeCommand =
  | {
      readonly kind: 'stats';
      readonly scope: StatisticsScope;
      readonly answer: (statistics: readonly Statistic[]) => Answer;
    }
  | { readonly kind: 'version'; readonly answer: (version: string) => Answer }
  | { readonly kind: 'status'; readonly answer: (status: StatusName) => Answer }
  | { readonly kind: 'setStatus'; readonly status: StatusName; readonly answer: Answer }
  | { readonly kind: 'members'; readonly answer: (members: Members) => Answer }
  /** `begun`: the node's end, which is this connection's, too. */
  | { readonly kind: 'shutdown'; readonly answer: (outcome: 'begun' | 'not allowed') => Answer }
  | { readonly kind: 'reload'; readonly answer: Answer }
  | DumpStatsCommand
  | DumpConfigCommand;

/**
 * The statistics of these queues, or of all that the node leads and of the aliases if none is named: an answer each, then the
 * last, which is told what failed, if anything did.
 */
export interface DumpStatsCommand {
  readonly kind: 'dumpStats';
  readonly queues: readonly string[];
  readonly answer: (queue: string) => Answer;
  readonly last: Answer;
}

/** What a part of the settings in force is about. */
export interface SettingsPart {
  readonly kind: 'default' | 'queue' | 'alias';
  /** The queue's or the alias's; `''` of the defaults. */
  readonly name: string;
}

/** The settings in force of the queue, or all there are: an answer for each part, then the last. */
export interface DumpConfigCommand {
  readonly kind: 'dumpConfig';
  readonly queue: string | undefined;
  readonly answer: (part: SettingsPart, entries: readonly Statistic[]) => Answer;
  readonly last: Answer;
}

/** Closes so many of the connection's open reads on the queue, the oldest first; `violation` when it has fewer. */
export interface ConfirmCommand {
  readonly kind: 'confirm';
  readonly queue: string;
  readonly count: number;
  readonly answer: Answer;
}

/** Answered by itself: nothing has to be asked. */
export interface TellCommand {
  readonly kind: 'tell';
  readonly answer: Answer;
  /** The connection ends with the answer: nothing that comes after it is read. */
  readonly close: boolean;
}

/** A command that stands for one operation, or none. */
export type SingleCommand =
  | SetCommand
  | GetCommand
  | { readonly kind: 'delete'; readonly queue: string; readonly answer: Answer }
  | { readonly kind: 'flush'; readonly queue: string; readonly answer: Answer }
  | { readonly kind: 'flushExpired'; readonly queue: string; readonly answer: Answer }
  | { readonly kind: 'statistics'; readonly queue: string; readonly answer: Answer }
  | { readonly kind: 'flushAllExpired'; readonly answer: Answer }
  | ConfirmCommand
  | { readonly kind: 'flushAll'; readonly delaySeconds: number; readonly answer: Answer }
  | NodeCommand
  | TellCommand;

/** A command that stands for several operations, each with an answer of its own, which may be silence. */
export interface SeriesCommand {
  readonly kind: 'series';
  /** `beside`: parts may be under way at the same time; `after`: a part is asked for when all before it were answered. */
  readonly order: 'beside' | 'after';
  /** The next part, or nothing when there are no more. `nowMs`: monotonic clock. */
  next(nowMs: number): SingleCommand | undefined;
}

/** What a client asked for, in whatever dialect, already checked. Sets and gets are only valid until the parser's next one. */
export type Command = SingleCommand | SeriesCommand;
