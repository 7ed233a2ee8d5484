import type { Request, Result } from '../../cluster/operation.ts';
import { Deque } from './deque.ts';
import type { Queue } from './queue.ts';

/** What is to be done when an entry is committed. */
export interface PendingAnswer {
  /** Of its entry. */
  readonly sequence: number;
  /** To be answered then; `undefined`: another entry of the same request answers it. */
  readonly request: Request | undefined;
  readonly result: Result;
  /** The result holds if so many replicas are in sync then; else the request fails. */
  readonly minInSync: number;
  /** The queue in which item `id` becomes visible then, if the entry adds one. */
  readonly queue: Queue | undefined;
  readonly id: number;
  readonly dataBytes: number;
}

/** Of a {@link PendingAnswer} whose entry adds no item. */
export const nothingAdded = { minInSync: 0, queue: undefined, id: 0, dataBytes: 0 };

/** What a request is told when there are fewer copies than its queue asks for. */
export function tooFewInSync(inSync: number, minInSync: number): Result {
  return { kind: 'failed', why: `too few copies are in sync (${inSync} of ${minInSync})` };
}

/** Answers to requests whose entries are on their way to the disks, in the order of their sequences. */
export class PendingAnswers {
  readonly #answers = new Deque<PendingAnswer>();
  #committedThrough: number;

  /** Every entry up to this sequence is committed. */
  constructor(committedThrough: number) {
    this.#committedThrough = committedThrough;
  }

  push(answer: PendingAnswer): void {
    this.#answers.push(answer);
  }

  /** Answers when the entry is committed, which it may be already. */
  answerOnce(sequence: number, request: Request, result: Result): void {
    if (sequence <= this.#committedThrough) request.complete(result);
    else this.push({ sequence, request, result, ...nothingAdded });
  }

  /** Every entry up to this sequence is committed, of which the answers are to be taken out now. */
  committed(sequence: number): void {
    this.#committedThrough = sequence;
  }

  /** Takes out the next one of which the entry stands at or before `sequence`. */
  next(sequence: number): PendingAnswer | undefined {
    const first = this.#answers.first();
    return first !== undefined && first.sequence <= sequence ? this.#answers.shift() : undefined;
  }
}
