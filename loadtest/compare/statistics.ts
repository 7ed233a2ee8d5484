/** Where the values of several runs lie. All are NaN when there is none. */
export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** The middle one, or the mean of the two in the middle; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  if (sorted.length === 0) return Number.NaN;
  if (sorted.length % 2 === 1) return sorted[middle] as number;
  return ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) return { median: Number.NaN, least: Number.NaN, most: Number.NaN };
  return { median: median(values), least: Math.min(...values), most: Math.max(...values) };
}

/** `ours` divided by `theirs`, each within its run; a run that lacks one of them is passed over. */
export function ratiosByRun(ours: readonly (number | undefined)[], theirs: readonly (number | undefined)[]): number[] {
  return ours.flatMap((own, run) => {
    const other = theirs[run];
    return own === undefined || other === undefined ? [] : [own / other];
  });
}

/** The same in the same order, beginning with the one at `by` (counted round): nobody is always first. */
export function rotated<T>(values: readonly T[], by: number): T[] {
  const start = values.length === 0 ? 0 : by % values.length;
  return [...values.slice(start), ...values.slice(0, start)];
}
