import net from 'node:net';
import { queueCount } from './contender.ts';

const timeoutMs = 5000;

/**
 * Deletes what a comparison's queues hold on a server that is not ours. Resolves when it has answered, or 5 s later: a
 * server that can't delete keeps them.
 */
export function deleteQueues(host: string, port: number): Promise<void> {
  return new Promise((resolve) => {
    let answers = 0;
    const socket = net.connect({ host, port });
    const finish = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve();
    };
    const timer = setTimeout(finish, timeoutMs);
    socket.on('error', finish);
    socket.on('close', finish);
    socket.on('data', (chunk) => {
      for (const byte of chunk) if (byte === 10) answers++;
      if (answers >= queueCount) finish();
    });
    socket.write(Array.from({ length: queueCount }, (_, queue) => `delete compare-${queue}\r\n`).join(''));
  });
}
