import type { Result } from '../../cluster/operation.ts';
import type { Answer, AnswerOutput, Said } from '../protocol/answer.ts';
import { AnswerBuffer } from '../protocol/answer-buffer.ts';

/** Gives exactly as much room as was asked for, so that whoever takes more is found out. */
class Ear implements AnswerOutput {
  readonly #parts: Buffer[] = [];
  #room: AnswerBuffer | undefined;

  room(bytes: number): AnswerBuffer {
    this.#take();
    this.#room = new AnswerBuffer(bytes);
    return this.#room;
  }

  append(bytes: Buffer): void {
    this.#take();
    this.#parts.push(bytes);
  }

  all(): string {
    this.#take();
    return Buffer.concat(this.#parts).toString('latin1');
  }

  #take(): void {
    const room = this.#room;
    this.#room = undefined;
    if (room === undefined) return;
    if (room.freeBytes < 0) throw new Error(`an answer took ${-room.freeBytes} bytes more than it had asked for`);
    this.#parts.push(room.filled);
  }
}

/** What a client hears (latin1) when this comes of its command. */
export function heard(
  answer: Answer,
  result: Result = { kind: 'done' },
): { readonly text: string; readonly said: Said } {
  const ear = new Ear();
  const said = answer.say(result, ear);
  return { text: ear.all(), said };
}
