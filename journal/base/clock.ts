/** A callback that has been scheduled. */
export interface Timer {
  /** The callback will not run any more; no effect after it ran. */
  cancel(): void;
}

/** The only source of time, so that a simulated one can replay a whole cluster. */
export interface Clock {
  /** Milliseconds, with fractions, from an arbitrary origin; never goes back. For deadlines and durations. */
  monotonicMs(): number;
  /** Whole milliseconds since 1970 as the machine believes; may jump. Only for what users see: expiry and ages. */
  wallMs(): number;
  /** Runs `callback` once, no sooner than `delayMs` from now. Does not keep the process alive. */
  schedule(delayMs: number, callback: () => void): Timer;
  /**
   * Runs `callback` after the I/O that is already waiting has been handled, to do once what many events asked for. What
   * it defers itself may run before any other I/O: whoever wants to let others go first awaits something in between.
   */
  defer(callback: () => void): void;
}

/** One immediate runs all that is deferred, and what that defers in turn: one for each would cost more than most of them do. */
let deferred: (() => void)[] = [];

function runDeferred(): void {
  for (const callback of deferred) callback();
  deferred = [];
}

const { performance } = globalThis; // by its name it is a getter, which would be called each time

/** The machine's clock. */
export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  schedule(delayMs, callback) {
    const timeout = setTimeout(callback, delayMs);
    timeout.unref();
    return { cancel: () => clearTimeout(timeout) };
  },
  defer(callback) {
    if (deferred.push(callback) === 1) setImmediate(runDeferred);
  },
};
