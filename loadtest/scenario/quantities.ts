import { minPayloadBytes } from '../payload.ts';
import type { Sizes } from './scenario.ts';

/** One kind of value as scenario files and the command line write it: a number, or a number with a unit. */
export interface Quantity<T> {
  /** What would be right, for a message that begins with "want". */
  readonly wanted: string;
  /** Undefined when the text is none. */
  parse(text: string): T | undefined;
}

const multiples = { '': 1, k: 1000, M: 1_000_000 };
const durationUnits = { '': 1000, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const sizeUnits = { '': 1, B: 1, kB: 1000, KiB: 1024, MB: 1_000_000, MiB: 1_048_576 };

/** Whole, from 0: `500`, `10_000`, `10k`, `1.5M`. */
export const count: Quantity<number> = {
  wanted: 'a count such as 500, 10_000 or 10k',
  parse: (text) => whole(withUnit(text, multiples)),
};

/** Whole, from 1. */
export const countFromOne: Quantity<number> = {
  wanted: 'a count such as 500, 10_000 or 10k, at least 1',
  parse: (text) => atLeast(1, count.parse(text)),
};

/** Milliseconds from 0; a number without a unit is seconds. */
export const duration: Quantity<number> = {
  wanted: 'a duration such as 500ms, 30s or 2m',
  parse: (text) => withUnit(text, durationUnits),
};

/** Milliseconds above 0. */
export const someTime: Quantity<number> = {
  wanted: 'a duration such as 500ms, 30s or 2m, above 0',
  parse: (text) => above(0, duration.parse(text)),
};

/** Per second, above 0: `2000`, `2k`, `0.5`, with or without `/s`. */
export const rate: Quantity<number> = {
  wanted: 'a rate per second such as 500, 2k or 0.5/s, above 0',
  parse: (text) => above(0, withUnit(text.replace(/\/s$/, ''), multiples)),
};

/** Bytes of items: `1KiB`, drawn evenly from `64B..4KiB`, or by weights, `99x64B,1x1MiB`. */
export const sizes: Quantity<Sizes> = {
  wanted: `a size such as 64B or 1KiB, a range such as 64B..4KiB or weights such as 99x64B,1x1MiB; at least ${minPayloadBytes} bytes`,
  parse: (text) => fixed(text) ?? uniform(text) ?? weighted(text),
};

function fixed(text: string): Sizes | undefined {
  const bytes = payloadBytes(text);
  return bytes === undefined ? undefined : { kind: 'fixed', bytes };
}

function uniform(text: string): Sizes | undefined {
  const [from, to, ...more] = text.split('..');
  const minBytes = payloadBytes(from ?? '');
  const maxBytes = payloadBytes(to ?? '');
  if (minBytes === undefined || maxBytes === undefined || minBytes > maxBytes || more.length > 0) return undefined;
  return { kind: 'uniform', minBytes, maxBytes };
}

function weighted(text: string): Sizes | undefined {
  const choices: { bytes: number; weight: number }[] = [];
  for (const part of text.split(',')) {
    const match = /^\s*(\d+(?:\.\d+)?)\s*x\s*(\S+)\s*$/.exec(part);
    const bytes = payloadBytes(match?.[2] ?? '');
    const weight = Number(match?.[1]);
    if (bytes === undefined || !(weight > 0)) return undefined;
    choices.push({ bytes, weight });
  }
  return { kind: 'weighted', choices };
}

function payloadBytes(text: string): number | undefined {
  return atLeast(minPayloadBytes, whole(withUnit(text, sizeUnits)));
}

function withUnit(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = /^\s*(\d[\d_]*(?:\.\d+)?)\s*([A-Za-z]*)\s*$/.exec(text);
  if (match === null) return undefined;
  const [, digits = '', unit = ''] = match;
  const factor = Object.hasOwn(units, unit) ? units[unit] : undefined;
  // 1.1 * 1000 is a little over 1100: what no digit was written for is rounded away.
  return factor === undefined ? undefined : Number((Number(digits.replaceAll('_', '')) * factor).toPrecision(12));
}

function whole(number: number | undefined): number | undefined {
  return Number.isSafeInteger(number) ? number : undefined;
}

function atLeast(least: number, number: number | undefined): number | undefined {
  return number !== undefined && number >= least ? number : undefined;
}

function above(bound: number, number: number | undefined): number | undefined {
  return number !== undefined && number > bound ? number : undefined;
}
