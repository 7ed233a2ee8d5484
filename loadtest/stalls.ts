/** A fault that the run caused itself. */
export interface Fault {
  readonly atMs: number;
  /** What was done, for people: `SIGKILL node 2`. */
  readonly what: string;
}

/** How long a set took from its first try to the acknowledgement, all tries again included. */
export interface Stall {
  readonly durationMs: number;
  /** When it was first tried. */
  readonly startMs: number;
}

/** The longest stall among the sets that were acknowledged after a fault and before the next. */
export interface FaultStall extends Fault {
  readonly longest: Stall | undefined;
}

/** Keeps the longest stall after each fault: one number a fault, however many sets there are. */
export class Stalls {
  readonly #faults: { fault: Fault; longest: Stall | undefined }[] = [];
  #beforeFaults: Stall | undefined;

  fault(fault: Fault): void {
    this.#faults.push({ fault, longest: undefined });
  }

  /** A set that was first tried at `startMs` was acknowledged at `endMs`, or is still not when the run ends. */
  acknowledged(startMs: number, endMs: number): void {
    const stall = { durationMs: endMs - startMs, startMs };
    const last = this.#faults.at(-1);
    if (last === undefined) this.#beforeFaults = longer(this.#beforeFaults, stall);
    else last.longest = longer(last.longest, stall);
  }

  /** The longest before any fault. */
  get undisturbed(): Stall | undefined {
    return this.#beforeFaults;
  }

  get byFault(): FaultStall[] {
    return this.#faults.map(({ fault, longest }) => ({ ...fault, longest }));
  }

  /** The longest of all. */
  get longest(): Stall | undefined {
    return this.#faults.reduce<Stall | undefined>(
      (longest, entry) => (entry.longest === undefined ? longest : longer(longest, entry.longest)),
      this.#beforeFaults,
    );
  }
}

function longer(known: Stall | undefined, stall: Stall): Stall {
  return known === undefined || stall.durationMs > known.durationMs ? stall : known;
}
