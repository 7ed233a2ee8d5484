import { InvalidArgumentError } from 'commander';
import type { Quantity } from '../../journal/base/quantities.ts';
import { ClientError } from '../client/errors.ts';
import { parseTargets, type Target } from '../client/target.ts';

/** A whole number of at least `least`, for an option's value. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isSafeInteger(value) || value < least) {
      throw new InvalidArgumentError(`Want a whole number, at least ${least}.`);
    }
    return value;
  };
}

/** A number above 0, for an option's value. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value <= 0)
    throw new InvalidArgumentError('Want a number above 0.');
  return value;
}

/** A quantity as scenario files write it, for an option's value. */
export function quantityFlag<T>(quantity: Quantity<T>): (text: string) => T {
  return (text) => {
    const value = quantity.parse(text);
    if (value === undefined) throw new InvalidArgumentError(`Want ${quantity.wanted}.`);
    return value;
  };
}

/** `host:port,…` for an option's value. */
export function addressList(text: string): Target[] {
  try {
    return parseTargets(text);
  } catch (error) {
    if (error instanceof ClientError) throw new InvalidArgumentError(`${error.message}.`);
    throw error;
  }
}
