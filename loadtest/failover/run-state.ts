import { Checker } from '../checker.ts';
import type { Answer } from '../client/client.ts';
import { Stalls } from '../stalls.ts';

/** What the producers, the consumers and whoever kills nodes have in common. */
export class RunState {
  readonly run: number;
  readonly queueNames: readonly string[];
  readonly checker: Checker;
  readonly stalls = new Stalls();
  /** Answers that no server should have given, and how often each came. */
  readonly oddAnswers = new Map<string, number>();
  /** Whether producers begin new sets; the one under way is tried until it is stored. */
  producing = true;
  /** Whether consumers go on. */
  consuming = true;
  /** From then on producers give up the set under way. */
  giveUpAtMs = Number.POSITIVE_INFINITY;
  /** How often a set was tried again. */
  retries = 0;
  #lastReadMs = 0;
  /** For each queue, when the last read was sent that found it empty. */
  readonly #emptyAtMs: Float64Array;

  constructor(run: number, queues: number, producers: number) {
    this.run = run;
    this.queueNames = Array.from({ length: queues }, (_, queue) => `failover-${run.toString(36)}-${queue}`);
    this.checker = new Checker(run, producers);
    this.#emptyAtMs = new Float64Array(queues);
  }

  noteRead(nowMs: number): void {
    this.#lastReadMs = nowMs;
  }

  /** A read of `queue` that was sent at `sentMs` found nothing. */
  noteEmpty(queue: number, sentMs: number): void {
    this.#emptyAtMs[queue] = sentMs;
  }

  /** Every queue has been found empty later than `quietMs` after both `sinceMs` and the last item that anyone read. */
  isDrained(sinceMs: number, quietMs: number): boolean {
    const after = Math.max(sinceMs, this.#lastReadMs) + quietMs;
    return this.#emptyAtMs.every((emptyAtMs) => emptyAtMs > after);
  }

  /** Queues that have not been found empty yet, in the sense of {@link isDrained}. */
  undrained(sinceMs: number, quietMs: number): string[] {
    const after = Math.max(sinceMs, this.#lastReadMs) + quietMs;
    return this.queueNames.filter((_, queue) => (this.#emptyAtMs[queue] as number) <= after);
  }

  noteOdd(answer: Answer): void {
    const text = answer.text.slice(0, 200);
    this.oddAnswers.set(text, (this.oddAnswers.get(text) ?? 0) + 1);
  }
}
