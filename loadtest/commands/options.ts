import { InvalidArgumentError } from 'commander';

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
