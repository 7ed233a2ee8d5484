import { above, atLeast, multiples, type Quantity, size, withUnit } from '../../journal/base/quantities.ts';
import { minPayloadBytes } from '../payload.ts';
import type { Sizes } from './scenario.ts';

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
  return atLeast(minPayloadBytes, size.parse(text));
}
