import { randomInt } from 'node:crypto';
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import type { Result } from '../../cluster/operation.ts';
import { ByteBudget } from '../byte-budget.ts';
import type { Answer } from '../protocol/answer.ts';
import type { Command } from '../protocol/command.ts';
import type { Parser, ParserOptions } from '../protocol/dialect.ts';
import { heard } from './heard.ts';

export const maxValueBytes = 1000;

export type ParserKind = (options: ParserOptions) => Parser;

/** Set to a number of seconds, each property of a parser is tried for that long; else a fixed number of times. */
const fuzzSeconds = Number(process.env['FUZZ_SECONDS'] ?? 0);
/** Makes a run the same as another one. A failure says its seed; so does the start of a run that goes on for seconds. */
const fuzzSeed = Number(process.env['FUZZ_SEED'] ?? randomInt(2 ** 31));
if (fuzzSeconds > 0) console.log(`FUZZ_SEED=${fuzzSeed}`);

/** How often a property is tried that is tried `runs` times in an ordinary test. */
export function effort<T>(runs: number): fc.Parameters<T> {
  if (fuzzSeconds === 0) return { seed: fuzzSeed, numRuns: runs };
  return { seed: fuzzSeed, numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: fuzzSeconds * 1000 };
}

export function parserOf(
  kind: ParserKind,
  limitBytes = 1 << 24,
): { readonly parser: Parser; readonly budget: ByteBudget } {
  const budget = new ByteBudget(limitBytes);
  return { parser: kind({ maxValueBytes, budget, echoKey: 'bare' }), budget };
}

/** What each outcome makes of an answer. */
const outcomes: readonly Result[] = [
  { kind: 'done' },
  { kind: 'stored' },
  { kind: 'full' },
  { kind: 'empty' },
  { kind: 'missing' },
  { kind: 'failed', why: 'why' },
  { kind: 'violation', why: 'why' },
  { kind: 'statistics', entries: [['name', 'value']] },
  { kind: 'item', id: 2 ** 40 + 7, flags: 0xfffffffe, data: Buffer.from('data') },
];

/** A command as a value of its own, its answers spelt out, so that it outlives the parser's next one. */
export type Kept = { readonly kind: string; readonly close?: boolean } & Readonly<Record<string, unknown>>;

export function keep(command: Command): Kept {
  switch (command.kind) {
    case 'series':
      return { kind: 'series', parts: command.order === 'beside' ? keepParts(command) : [] };
    case 'stats':
      return { ...command, answer: heard(command.answer([['name', 'value']])) };
    case 'version':
      return { ...command, answer: heard(command.answer('1.2.3')) };
    case 'status':
      return { ...command, answer: heard(command.answer('up')) };
    case 'members':
      return { ...command, answer: heard(command.answer({ version: 7, labels: ['127.0.0.1:1'] })) };
    case 'shutdown':
      return { ...command, answer: heard(command.answer('not allowed')) };
    case 'dumpStats':
      return { ...command, answer: spoken(command.answer('q')), last: spoken(command.last) };
    case 'dumpConfig': {
      const answer = heard(command.answer({ kind: 'queue', name: 'q' }, [['name', 'value']]));
      return { ...command, answer, last: spoken(command.last) };
    }
    case 'tell':
      return { ...command, answer: heard(command.answer).text };
    case 'set':
      return { ...command, data: command.data.toString('latin1'), answer: spoken(command.answer) };
    default:
      return { ...command, answer: spoken(command.answer) };
  }
}

function keepParts(series: Extract<Command, { kind: 'series' }>): Kept[] {
  const parts: Kept[] = [];
  for (let part = series.next(0); part !== undefined; part = series.next(0)) parts.push(keep(part));
  return parts;
}

function spoken(answer: Answer): unknown[] {
  return outcomes.map((outcome) => heard(answer, outcome));
}

export function feed(parser: Parser, pieces: readonly Buffer[]): Kept[] {
  return feedKeeping(parser, pieces, keep);
}

/** Feeds pieces, each overwritten as soon as the parser may no longer look at it; gives what is kept of the commands. */
export function feedKeeping<T>(parser: Parser, pieces: readonly Buffer[], keepOne: (command: Command) => T): T[] {
  const commands: T[] = [];
  for (const piece of pieces) {
    const chunk = Buffer.from(piece);
    parser.push(chunk);
    for (let command = parser.next(); command !== undefined; command = parser.next()) commands.push(keepOne(command));
    chunk.fill(0x0a);
  }
  return commands;
}

/** Feeds pieces and stops asking now and then, as a session does that may not start more. */
function feedHaltingly(parser: Parser, pieces: readonly Buffer[], asks: readonly number[]): Kept[] {
  const commands: Kept[] = [];
  for (const [i, piece] of pieces.entries()) {
    const chunk = Buffer.from(piece);
    parser.push(chunk);
    const limit = asks[i % asks.length] ?? 0;
    let last: Command | undefined;
    for (let asked = 0; asked < limit; asked++) {
      last = parser.next();
      if (last !== undefined && asked + 1 < limit) commands.push(keep(last));
    }
    parser.detach();
    chunk.fill(0x0a);
    if (last !== undefined) commands.push(keep(last));
  }
  for (let rest = parser.next(); rest !== undefined; rest = parser.next()) commands.push(keep(rest));
  return commands;
}

export function split(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...at, bytes.length].map((end, i) => bytes.subarray(i === 0 ? 0 : at[i - 1], end));
}

/** Messages mean the same however their bytes arrive: one at a time, in random pieces, and to whoever asks haltingly. */
export function checkSplits(kind: ParserKind, messages: fc.Arbitrary<Buffer>): void {
  const texts = fc.array(messages, { maxLength: 20 });
  const cuts = fc.array(fc.nat(20_000), { maxLength: 20 });
  const asks = fc.array(fc.nat(3), { minLength: 1, maxLength: 40 });
  const property = fc.property(texts, cuts, asks, (list, at, limits) => {
    const whole = Buffer.concat(list);
    const expected = feed(parserOf(kind).parser, [whole]);
    const pieces = split(whole, at);
    assert.equal(feed(parserOf(kind).parser, pieces), expected);
    assert.equal(feedHaltingly(parserOf(kind).parser, pieces, limits), expected);
    const bytes = Array.from(whole.subarray(0, 3000), (byte) => Buffer.from([byte]));
    assert.equal(feed(parserOf(kind).parser, bytes), feed(parserOf(kind).parser, [whole.subarray(0, 3000)]));
  });
  fc.assert(property, effort(150));
}

/** Whatever is sent is answered, skipped, or ends the connection; it is never thrown at us, and never piles up. */
export function checkGarbage(kind: ParserKind, messages: fc.Arbitrary<Buffer>): void {
  const junk = fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes));
  const damaged = fc
    .tuple(messages, fc.nat(5000), fc.nat(255))
    .map(([message, at, byte]) => withByte(message, at, byte));
  const cut = fc.tuple(messages, fc.nat(5000)).map(([message, at]) => message.subarray(0, at % (message.length + 1)));
  const pieces = fc.array(fc.oneof(messages, damaged, cut, junk), { maxLength: 20 });
  const property = fc.property(pieces, (list) => {
    const { parser, budget } = parserOf(kind);
    const commands = feed(parser, list);
    assert.is(parser.unreadBytes, 0, 'something was left unread');
    const closing = commands.findIndex((command) => command.kind === 'tell' && command.close === true);
    assert.ok(closing < 0 || closing === commands.length - 1, 'something was read after the stream was given up');
    parser.close();
    assert.is(budget.usedBytes, 0);
  });
  fc.assert(property, effort(200));
}

function withByte(message: Buffer, at: number, byte: number): Buffer {
  const copy = Buffer.from(message);
  if (copy.length > 0) copy[at % copy.length] = byte;
  return copy;
}
