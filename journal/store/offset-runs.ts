/** Consecutive numbers (item ids, or sequences) and where the entry of each stands in one segment. */
export interface OffsetRun {
  readonly segment: number;
  readonly first: number;
  /** How many of `offsets` are in use. */
  length: number;
  offsets: Uint32Array;
}

/** A number's place: `run.offsets[index]` is its offset. */
export interface Place {
  readonly run: OffsetRun;
  readonly index: number;
}

/** The last number of a run. */
export function lastOf(run: OffsetRun): number {
  return run.first + run.length - 1;
}

const firstCapacity = 8;

/**
 * Where numbered entries stand in the journal: four bytes for each, in runs of consecutive numbers within a segment.
 * Numbers are added in rising order and forgotten from the front.
 */
export class OffsetRuns {
  /** Invariant: numbers rise from run to run, segments never fall. */
  runs: OffsetRun[] = [];

  /** Notes the place of `number`, which is above all that are noted. */
  add(segment: number, number: number, offset: number): void {
    const last = this.runs.at(-1);
    if (last !== undefined && last.segment === segment && last.first + last.length === number) append(last, offset);
    else this.#begin(segment, number, offset);
  }

  /** The place of `number`, or undefined where it is not noted. */
  find(number: number): Place | undefined {
    const run = this.runs[this.#position(number)];
    return run !== undefined && run.first <= number ? { run, index: number - run.first } : undefined;
  }

  /** The first run that ends at or after `number`. */
  runFrom(number: number): OffsetRun | undefined {
    return this.runs[this.#position(number)];
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
    while (first !== undefined && first.first + first.length <= number) {
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

  #begin(segment: number, first: number, offset: number): void {
    const offsets = new Uint32Array(firstCapacity);
    offsets[0] = offset;
    const run = { segment, first, length: 1, offsets };
    // An array that has been pushed to has room for 17; most queues have one run.
    if (this.runs.length === 0) this.runs = [run];
    else this.runs.push(run);
  }

  /** Index of the first run that ends at or after `number`. */
  #position(number: number): number {
    let low = 0;
    let high = this.runs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (lastOf(this.runs[middle] as OffsetRun) < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function append(run: OffsetRun, offset: number): void {
  if (run.length === run.offsets.length) {
    const larger = new Uint32Array(run.length * 2);
    larger.set(run.offsets);
    run.offsets = larger;
  }
  run.offsets[run.length++] = offset;
}
