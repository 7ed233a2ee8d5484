import type { Ledger } from './ledger.ts';
import type { GroupJob } from './messages.ts';
import type { Recorder } from './recorder.ts';

/** What all connections of a worker have in common. */
export interface Shared {
  readonly run: number;
  readonly queues: number;
  readonly recorder: Recorder;
  /** Undefined: nothing is verified. */
  readonly ledger: Ledger | undefined;
  readonly counters: Counters;
}

/** How many items came and went at this worker since the run began, verified or not. */
export class Counters {
  acknowledged = 0;
  /** By branch. */
  readonly read: number[];
  /** When each source was last found empty, by a read that was sent then; and when an item was last read. */
  readonly emptyAtMs: Float64Array;
  readAtMs = 0;

  constructor(sources: number, branches: number) {
    this.read = new Array<number>(branches).fill(0);
    this.emptyAtMs = new Float64Array(sources);
  }

  readFrom(branch: number): void {
    this.read[branch] = (this.read[branch] as number) + 1;
  }
}

/** A group's connections at one worker: what they may still begin. */
export class Group {
  readonly job: GroupJob;
  /** How many operations may still be begun; one that came to nothing gives its own back. */
  budget: number;
  /** Before the phase begins and after it ends nothing new is begun. */
  running = false;
  /** Items that it is through with. */
  done = 0;
  /** Says whether readers have to hang back for now. */
  holdsBack: () => boolean = () => false;

  constructor(job: GroupJob) {
    this.job = job;
    this.budget = job.budget;
  }

  /** Whether one more may be begun. */
  get open(): boolean {
    return this.running && this.budget > 0;
  }

  /** Whether it is through with all that it was given. */
  get finished(): boolean {
    return this.done >= this.job.budget;
  }
}
