import { WindhoverError } from '../../journal/base/errors.ts';
import type { Answer, RequestMessage, WorkerMessage } from './messages.ts';
import { Worker } from './worker.ts';

/** A worker process: started by `Fleet`, ends with it. */
let worker: Worker | undefined;

function send(message: WorkerMessage): void {
  if (process.connected) process.send?.(message);
}

async function handle({ id, request }: RequestMessage): Promise<void> {
  const answer = (part: Answer): void => send({ id, answer: part });
  try {
    if (request.kind === 'prepare') {
      worker = new Worker(request.job, (progress) => send({ progress }));
      answer({ kind: 'done' });
    } else if (worker !== undefined) {
      answer(await worker.handle(request, answer));
    }
  } catch (error) {
    answer({ kind: 'failed', message: WindhoverError.from(error, 'worker').message });
  }
}

process.on('message', (message) => void handle(message as RequestMessage));
process.on('disconnect', () => process.exit());
// The terminal interrupts all processes at once; the parent says when this one ends.
process.on('SIGINT', () => undefined);
