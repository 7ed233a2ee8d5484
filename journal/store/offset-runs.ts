/** Consecutive numbers (item ids, or sequences) and where their entries stand in one segment, one after another. */
export interface OffsetRun {
  readonly segment: number;
  readonly first: number;
  /** The number after its last. */
  end: number;
  /** How many entries there are: so many of `offsets` are in use. */
  length: number;
  offsets: Uint32Array;
  /** The first number of each entry, counted from the run's; undefined as long as each has one. */
  starts: Uint32Array | undefined;
}

/** A number's place: `run.offsets[index]` is the offset of its entry. */
export interface Place {
  readonly run: OffsetRun;
  readonly index: number;
}

/** Which of the run's entries has `number`, one of the run's. */
export function entryOf({ first, length, starts }: OffsetRun, number: number): number {
  const wanted = number - first;
  if (starts === undefined) return wanted;
  let low = 0;
  let high = length;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if ((starts[middle] as number) <= wanted) low = middle;
    else high = middle;
  }
  return low;
}

/** The first number of the run's entry `index`; of the one after the last, the number after the run's last. */
export function firstOf({ first, end, length, starts }: OffsetRun, index: number): number {
  if (index === length) return end;
  return first + (starts === undefined ? index : (starts[index] as number));
}

const firstCapacity = 8;

/**
 * Where numbered entries stand in the journal, in runs of consecutive numbers within a segment: four bytes for each
 * entry, and four more where entries have several numbers. Numbers are added in rising order and forgotten from the front.
 */
export class OffsetRuns {
  /** Invariant: numbers rise from run to run, segments never fall. */
  runs: OffsetRun[] = [];

  /** Notes the place of an entry with `count` numbers from `number` on, which is above all that are noted. */
  add(segment: number, number: number, offset: number, count = 1): void {
    let run = this.runs.at(-1);
    if (run === undefined || run.segment !== segment || run.end !== number) run = this.#begin(segment, number);
    append(run, offset, count);
  }

  /** The place of `number`, or undefined where it is not noted. */
  find(number: number): Place | undefined {
    const run = this.runs[this.#position(number)];
    return run !== undefined && run.first <= number ? { run, index: entryOf(run, number) } : undefined;
  }

  /** The runs of the oldest segment that there are any of, if that is `segment`. */
  runsOf(segment: number): OffsetRun[] {
    let count = 0;
    while (this.runs[count]?.segment === segment) count++;
    return this.runs.slice(0, count);
  }

  /** Forgets the runs that end below `number`. */
  dropBelow(number: number): void {
    let first = this.runs[0];
    while (first !== undefined && first.end <= number) {
      this.runs.shift();
      first = this.runs[0];
    }
  }

  /** Forgets the runs of segments up to `segment`. */
  dropSegments(segment: number): void {
    let dropped = 0;
    while (dropped < this.runs.length && (this.runs[dropped] as OffsetRun).segment <= segment) dropped++;
    this.runs.splice(0, dropped);
  }

  clear(): void {
    this.runs.length = 0;
  }

  #begin(segment: number, first: number): OffsetRun {
    const offsets = new Uint32Array(firstCapacity);
    const run: OffsetRun = { segment, first, end: first, length: 0, offsets, starts: undefined };
    // An array that has been pushed to has room for 17; most queues have one run.
    if (this.runs.length === 0) this.runs = [run];
    else this.runs.push(run);
    return run;
  }

  /** Index of the first run that ends at or after `number`. */
  #position(number: number): number {
    let low = 0;
    let high = this.runs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.runs[middle] as OffsetRun).end <= number) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function append(run: OffsetRun, offset: number, count: number): void {
  if (count > 1) run.starts ??= Uint32Array.from(run.offsets, (_, index) => index);
  if (run.length === run.offsets.length) {
    run.offsets = twiceAsLong(run.offsets);
    run.starts = run.starts && twiceAsLong(run.starts);
  }
  if (run.starts !== undefined) run.starts[run.length] = run.end - run.first;
  run.offsets[run.length++] = offset;
  run.end += count;
}

function twiceAsLong(values: Uint32Array): Uint32Array {
  const longer = new Uint32Array(values.length * 2);
  longer.set(values);
  return longer;
}
