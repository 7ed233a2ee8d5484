import { type ChildProcess, fork } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { WindhoverError } from '../../journal/base/errors.ts';
import type { Answer, Progress, Request, RequestMessage, WorkerMessage } from './messages.ts';

/** A worker that doesn't answer for so long is as good as dead. */
const answerTimeoutMs = 60_000;
const endTimeoutMs = 2000;

interface Member {
  readonly child: ChildProcess;
  progress: Progress | undefined;
}

interface Question {
  readonly part: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** The worker processes of a run. */
export class Fleet {
  readonly #members: readonly Member[];
  readonly #questions = new Map<number, Question>();
  #nextId = 1;
  #ending = false;
  /** Rejects when a worker ends before its time; never resolves. */
  readonly failed: Promise<never>;
  #fail!: (error: Error) => void;

  constructor(workers: number) {
    this.failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.failed.catch(() => undefined);
    this.#members = Array.from({ length: workers }, (_, worker) => this.#start(worker));
  }

  /** What the workers last said of how far they are in a phase, numbered from 1; empty until all have said so. */
  progress(phase: number): Progress[] {
    const all = this.#members.map(({ progress }) => progress).filter((progress) => progress?.phase === phase);
    return all.length === this.#members.length ? (all as Progress[]) : [];
  }

  /** Asks every worker, and gives the last part of each one's answer; `part` is given the others. */
  ask(requestFor: (worker: number) => Request, part: (answer: Answer) => void = () => undefined): Promise<Answer[]> {
    return Promise.all(this.#members.map((member, worker) => this.#askOne(member, requestFor(worker), part)));
  }

  /** Ends the processes; resolves when they are gone. */
  async end(): Promise<void> {
    this.#ending = true;
    await Promise.all(
      this.#members.map(({ child }) => {
        if (child.exitCode !== null || child.signalCode !== null) return undefined;
        return new Promise<void>((resolve) => {
          const timer = setTimeout(() => child.kill('SIGKILL'), endTimeoutMs);
          child.once('exit', () => {
            clearTimeout(timer);
            resolve();
          });
          if (child.connected) child.disconnect();
        });
      }),
    );
  }

  #start(worker: number): Member {
    // Sources and dist have the same names but for the ending.
    const script = fileURLToPath(new URL(`worker-main${path.extname(import.meta.url)}`, import.meta.url));
    const child = fork(script, [], { serialization: 'advanced' });
    const member: Member = { child, progress: undefined };
    child.on('message', (message) => this.#hear(member, message as WorkerMessage));
    child.once('error', (error) => this.#lost(`worker ${worker + 1} could not be started: ${error.message}`));
    child.once('exit', (code, signal) => this.#lost(`worker ${worker + 1} ended with ${signal ?? code}`));
    return member;
  }

  #askOne({ child }: Member, request: Request, part: (answer: Answer) => void): Promise<Answer> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new WindhoverError('unavailable', `a worker did not answer '${request.kind}'`)),
        answerTimeoutMs,
      );
      const settle = (): void => {
        clearTimeout(timer);
        this.#questions.delete(id);
      };
      this.#questions.set(id, {
        part: (answer) => {
          if (answer.kind === 'evidence' && !answer.last) {
            part(answer);
            return;
          }
          settle();
          if (answer.kind === 'failed') reject(new WindhoverError('unavailable', answer.message));
          else resolve(answer);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      });
      const message: RequestMessage = { id, request };
      child.send(message, (error) => {
        if (error !== null) this.#questions.get(id)?.reject(error);
      });
    });
  }

  #hear(member: Member, message: WorkerMessage): void {
    if ('progress' in message) {
      member.progress = message.progress;
      return;
    }
    const { answer } = message;
    // An interval says how far the worker is too, and was asked for later than what it said unasked.
    if (answer.kind === 'interval') member.progress = answer.interval.progress;
    this.#questions.get(message.id)?.part(answer);
  }

  #lost(why: string): void {
    if (this.#ending) return;
    const error = new WindhoverError('unavailable', why);
    this.#fail(error);
    for (const question of [...this.#questions.values()]) question.reject(error);
  }
}
