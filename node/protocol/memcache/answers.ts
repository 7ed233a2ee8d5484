import type { Result } from '../../../cluster/operation.ts';
import type { Statistic } from '../../broker-api.ts';
import type { Members } from '../../node-service.ts';
import { type Answer, type AnswerOutput, FixedAnswer, figuresOf, type Said, silence } from '../answer.ts';
import type { SettingsPart } from '../command.ts';
import type { StatusName } from '../status-name.ts';

/** Answers of memcache's text protocol, line ends included. */
const stored = Buffer.from('STORED\r\n', 'latin1');
const notStored = Buffer.from('NOT_STORED\r\n', 'latin1');
const deleted = Buffer.from('DELETED\r\n', 'latin1');
const notFound = Buffer.from('NOT_FOUND\r\n', 'latin1');
const end = Buffer.from('END\r\n', 'latin1');
const error = Buffer.from('ERROR\r\n', 'latin1');
const valueWord = Buffer.from('VALUE ', 'latin1');

export const ok: Answer = fixedUnlessFailed('OK\r\n');
export const reloaded: Answer = fixedUnlessFailed('Reloaded config.\r\n');
export const flushedAll: Answer = fixedUnlessFailed('Flushed all queues.\r\n');

/** One line, kept one line whatever is in `text`. */
export function line(text: string): Buffer {
  return Buffer.from(`${[...text].map((character) => (character < ' ' ? ' ' : character)).join('')}\r\n`, 'utf8');
}

/** One line as an answer. */
export function lineAnswer(text: string): Answer {
  return new FixedAnswer(line(text));
}

export function versionAnswer(version: string): Answer {
  return lineAnswer(`VERSION ${version}`);
}

/** `STAT` lines and `END`. Values are latin1, as queue names are. */
export function statisticsAnswer(entries: readonly Statistic[]): Answer {
  const lines = entries.map(([name, value]) => `STAT ${name} ${value}\r\n`).join('');
  return new FixedAnswer(Buffer.from(`${lines}END\r\n`, 'latin1'));
}

/** To `stats <queue>`. */
export const queueStatisticsAnswer: Answer = {
  say: (result, out) => sayTrouble(result, out) ?? statisticsAnswer(figuresOf(result)).say(result, out),
};

/** To `dump_stats`, for one queue: nothing when there is no such queue. */
export function dumpAnswer(queue: string): Answer {
  const braces = (result: Result): Answer => bracesAnswer(`queue '${queue}'`, figuresOf(result));
  return { say: (result, out) => (result.kind === 'statistics' ? braces(result) : silence).say(result, out) };
}

/** To `dump_config`, for one part. */
export function dumpConfigAnswer({ kind, name }: SettingsPart, entries: readonly Statistic[]): Answer {
  return bracesAnswer(kind === 'default' ? kind : `${kind} '${name}'`, entries);
}

function bracesAnswer(title: string, entries: readonly Statistic[]): Answer {
  const lines = entries.map(([name, value]) => `  ${name}=${value}\r\n`).join('');
  return new FixedAnswer(Buffer.from(`${title} {\r\n${lines}}\r\n`, 'latin1'));
}

export function statusAnswer(status: StatusName): Answer {
  return lineAnswer(status.toUpperCase());
}

export function shutdownAnswer(outcome: 'begun' | 'not allowed'): Answer {
  return outcome === 'begun' ? silence : lineAnswer('CLIENT_ERROR shutdown is not allowed here');
}

const isAddress = /^\d+(\.\d+){3}$/;

/** The node list as AWS ElastiCache's auto discovery has it; the address is left out where the host is a name. */
export function membersAnswer({ version, labels }: Members): Answer {
  const servers = labels.map((label) => {
    const colon = label.lastIndexOf(':');
    const host = label.slice(0, colon);
    return `${host}|${isAddress.test(host) ? host : ''}|${label.slice(colon + 1)}`;
  });
  const text = `${version}\n${servers.join(' ')}\n`;
  return new FixedAnswer(Buffer.from(`CONFIG cluster 0 ${text.length}\r\n${text}\r\nEND\r\n`, 'latin1'));
}

/** To `set`. */
export const setAnswer: Answer = {
  say(result: Result, out: AnswerOutput): Said {
    if (result.kind === 'stored') return sayConstant(stored, out);
    if (result.kind === 'full') return sayConstant(notStored, out);
    return sayFailure(result, out);
  },
};

/** To `delete`. */
export const deleteAnswer: Answer = {
  say(result: Result, out: AnswerOutput): Said {
    if (result.kind === 'deleted') return sayConstant(deleted, out);
    if (result.kind === 'missing') return sayConstant(notFound, out);
    return sayFailure(result, out);
  },
};

/** To `flush`: `END`, whatever there was. */
export const flushAnswer: Answer = {
  say: sayFailure,
};

/** `END`, or why not. */
export const endAnswer: Answer = flushAnswer;

/** To `confirm`: `END`, or `ERROR`, and the connection goes on. */
export const confirmAnswer: Answer = {
  say(result: Result, out: AnswerOutput): Said {
    sayFailure(result, out);
    return 'go on';
  },
};

/** To `flush_expired` and `flush_all_expired`: a line with how many. */
export const expiredAnswer: Answer = {
  say(result: Result, out: AnswerOutput): Said {
    if (result.kind !== 'expired') return sayFailure(result, out);
    out.append(line(String(result.count)));
    return 'go on';
  },
};

/** Bytes that a value's header needs at most, beside the key. */
const headerBytes = 64;

/** To `get`, or to one key of several: `VALUE <echo> <flags> <bytes>[ <id>]`, the data, and `END` if nothing follows. */
export class ValueAnswer implements Answer {
  /** Latin1. */
  readonly echo: string;
  readonly id: 'with id' | 'without id';
  readonly place: 'last' | 'followed';

  constructor(echo: string, id: 'with id' | 'without id', place: 'last' | 'followed') {
    this.echo = echo;
    this.id = id;
    this.place = place;
  }

  say(result: Result, out: AnswerOutput): Said {
    if (result.kind === 'item') return this.#sayItem(result, out);
    if (result.kind === 'missing') return sayConstant(notFound, out);
    if (this.place === 'last') return sayFailure(result, out);
    if (result.kind !== 'failed' && result.kind !== 'violation') return 'go on';
    sayFailure(result, out);
    return 'close';
  }

  #sayItem(item: Extract<Result, { kind: 'item' }>, out: AnswerOutput): Said {
    const header = out.room(headerBytes + this.echo.length);
    header.append(valueWord);
    header.appendText(this.echo);
    header.appendByte(0x20);
    header.appendDecimal(item.flags);
    header.appendByte(0x20);
    header.appendDecimal(item.data.length);
    if (this.id === 'with id') {
      header.appendByte(0x20);
      header.appendDecimal(item.id);
    }
    header.appendLineEnd();
    out.append(item.data);
    const tail = out.room(2 + end.length);
    tail.appendLineEnd();
    if (this.place === 'last') tail.append(end);
    return 'go on';
  }
}

function fixedUnlessFailed(text: string): Answer {
  const bytes = Buffer.from(text, 'latin1');
  return { say: (result, out) => (result.kind === 'failed' ? sayFailure(result, out) : sayConstant(bytes, out)) };
}

function sayConstant(answer: Buffer, out: AnswerOutput): Said {
  out.room(answer.length).append(answer);
  return 'go on';
}

/** What every command may meet; nothing when it is another outcome. */
export function sayTrouble(result: Result, out: AnswerOutput): Said | undefined {
  if (result.kind === 'violation') {
    sayConstant(error, out);
    return 'close';
  }
  if (result.kind !== 'failed') return undefined;
  out.append(line(`SERVER_ERROR ${result.why}`));
  return 'go on';
}

/** A violation and what failed; of anything else, that it is over. */
function sayFailure(result: Result, out: AnswerOutput): Said {
  return sayTrouble(result, out) ?? sayConstant(end, out);
}
