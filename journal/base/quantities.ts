/** One kind of value as files and the command line write it: a number, or a number with a unit. */
export interface Quantity<T> {
  /** What would be right, for a message that begins with "want". */
  readonly wanted: string;
  /** Undefined when the text is none. */
  parse(text: string): T | undefined;
}

/** Factors of units; '' is that of a number without one. */
export type Units = Readonly<Record<string, number>>;

export const multiples: Units = { '': 1, k: 1000, M: 1_000_000 };
const durationUnits: Units = { '': 1000, ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const sizeUnits: Units = {
  '': 1,
  B: 1,
  kB: 1000,
  KiB: 2 ** 10,
  MB: 1e6,
  MiB: 2 ** 20,
  GB: 1e9,
  GiB: 2 ** 30,
  TB: 1e12,
  TiB: 2 ** 40,
};

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

/** Whole bytes from 0; a number without a unit is bytes. */
export const size: Quantity<number> = {
  wanted: 'a size such as 4096, 64KiB, 128MiB or 1GiB',
  parse: (text) => whole(withUnit(text, sizeUnits)),
};

/** The shortest text that `size` reads as so many bytes. */
export function sizeText(bytes: number): string {
  return textWithUnit(bytes, [['GiB', 2 ** 30] as const, ['MiB', 2 ** 20] as const, ['KiB', 2 ** 10] as const], '');
}

/** The shortest text that `duration` reads as so many milliseconds. */
export function durationText(ms: number): string {
  const units = [['d', 86_400_000] as const, ['h', 3_600_000] as const, ['m', 60_000] as const, ['s', 1000] as const];
  return textWithUnit(ms, units, 'ms');
}

function textWithUnit(number: number, units: readonly (readonly [string, number])[], smallest: string): string {
  const fitting = number === 0 ? undefined : units.find(([, factor]) => number % factor === 0);
  return fitting === undefined ? `${number}${smallest}` : `${number / fitting[1]}${fitting[0]}`;
}

/** A number and one of `units`; undefined when it is not that. */
export function withUnit(text: string, units: Units): number | undefined {
  const match = /^\s*(\d[\d_]*(?:\.\d+)?)\s*([A-Za-z]*)\s*$/.exec(text);
  if (match === null) return undefined;
  const [, digits = '', unit = ''] = match;
  const factor = Object.hasOwn(units, unit) ? units[unit] : undefined;
  // 1.1 * 1000 is a little over 1100: what no digit was written for is rounded away.
  return factor === undefined ? undefined : Number((Number(digits.replaceAll('_', '')) * factor).toPrecision(15));
}

export function whole(number: number | undefined): number | undefined {
  return Number.isSafeInteger(number) ? number : undefined;
}

export function atLeast(least: number, number: number | undefined): number | undefined {
  return number !== undefined && number >= least ? number : undefined;
}

export function above(bound: number, number: number | undefined): number | undefined {
  return number !== undefined && number > bound ? number : undefined;
}
