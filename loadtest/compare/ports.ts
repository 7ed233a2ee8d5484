import net from 'node:net';
import { WindhoverError } from '../../journal/base/errors.ts';

/** Below the range from which the system takes ports for outgoing connections, which could be in the way. */
export const defaultBasePort = 27_100;
const rangePorts = 1000;
const probeTimeoutMs = 1000;

/** Free ports in a range, each next one after the last, so that one just given back is not at once taken again. */
export class Ports {
  readonly #base: number;
  #next = 0;

  constructor(base: number) {
    this.#base = base;
  }

  /** So many ports that nobody listens on now. Rejects with `unavailable` when the range has not so many. */
  async take(count: number): Promise<number[]> {
    const taken: number[] = [];
    for (let tried = 0; taken.length < count; tried++) {
      if (tried === rangePorts) {
        throw new WindhoverError('unavailable', `no ${count} free ports from ${this.#base} on`);
      }
      const port = this.#base + this.#next;
      this.#next = (this.#next + 1) % rangePorts;
      if (await isFree(port)) taken.push(port);
    }
    return taken;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** True when a server accepts connections there, within a second. */
export function accepts(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port });
    const finish = (accepted: boolean): void => {
      socket.destroy();
      resolve(accepted);
    };
    socket.setTimeout(probeTimeoutMs, () => finish(false));
    socket.once('connect', () => finish(true));
    socket.once('error', () => finish(false));
  });
}
