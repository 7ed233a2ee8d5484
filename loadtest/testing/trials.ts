import net from 'node:net';
import type { RunOptions } from '../scenario/run-options.ts';
import type { Scenario } from '../scenario/scenario.ts';
import { type Misbehaviour, QueueServer } from './queue-server.ts';
import { consumers, phase, producers, runTrial, scenario, type Trial } from './scenarios.ts';

export interface Given {
  readonly misbehaviour?: Misbehaviour;
  readonly options?: Partial<RunOptions>;
  /** Done to the server a little after the load began. */
  readonly meanwhile?: (server: QueueServer) => void;
}

/** Runs a scenario against a queue server of its own. */
export async function run(trial: Scenario, given: Given = {}): Promise<Trial & { server: QueueServer }> {
  const server = new QueueServer();
  const port = await server.listen();
  Object.assign(server.misbehaviour, given.misbehaviour);
  let timer: NodeJS.Timeout | undefined;
  server.onFirstSet = () => {
    timer = setTimeout(() => given.meanwhile?.(server), 200);
  };
  try {
    return { ...(await runTrial(trial, [port], given.options)), server };
  } finally {
    clearTimeout(timer);
    server.close();
  }
}

/** A server that is no queue server: `answer` is given what came on a connection and says what to write. */
export async function withServer<T>(
  answer: (text: string, write: (text: string) => void) => void,
  use: (port: number) => Promise<T>,
): Promise<T> {
  const server = net.createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => answer(chunk.toString('latin1'), (text) => socket.write(text, 'latin1')));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await use((server.address() as net.AddressInfo).port);
  } finally {
    server.close();
  }
}

/** True the `n`th time that it is asked, and only then. */
export function onTime(n: number): () => boolean {
  let asked = 0;
  return () => ++asked === n;
}

/** True every `n`th time. */
export function every(n: number): () => boolean {
  let asked = 0;
  return () => ++asked % n === 0;
}

/** Of {@link steady}. */
export const queues = [0, 1, 2];

/** Three producers and three reliable readers at 1,500 a second, then a drain. */
export const steady = scenario({
  phases: [
    phase({
      durationMs: 600,
      producers: [producers({ connections: 3, ratePerSecond: 1500, queues })],
      consumers: [consumers({ connections: 3, queues })],
    }),
  ],
});
