import net from 'node:net';
import { WindhoverError } from '../../journal/base/errors.ts';

/** Sets sent before their answers are waited for: so many, or so many bytes. */
const batchItems = 128;
const batchBytes = 512 * 1024;
const silenceMs = 30_000;

/**
 * Sets items through a node, in order, many to a round trip. An item counts once its `STORED` has come; with the first
 * other answer it ends.
 */
export class MemcacheWriter {
  readonly #socket: net.Socket;
  /** Items that were answered with `STORED`. */
  stored = 0;
  #unanswered = 0;
  #unansweredBytes = 0;
  #text = '';
  #failure: WindhoverError | undefined;
  #wake: (() => void) | undefined;

  /** @throws `unavailable` when nobody listens there */
  static connect(host: string, port: number): Promise<MemcacheWriter> {
    return new Promise((resolve, reject) => {
      const socket = net.connect({ host, port, noDelay: true });
      const refuse = (error: Error): void =>
        reject(new WindhoverError('unavailable', `${host}:${port}: ${error.message}`, { cause: error }));
      socket.once('error', refuse);
      socket.once('connect', () => {
        socket.off('error', refuse);
        resolve(new MemcacheWriter(socket));
      });
    });
  }

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.setTimeout(silenceMs, () => this.#fail(`no answer for ${silenceMs / 1000} s`));
    socket.on('error', (error) => this.#fail(error.message));
    socket.on('close', () => this.#fail('the connection ended'));
    socket.on('data', (chunk) => this.#receive(chunk.toString('latin1')));
  }

  /**
   * Sends one set; waits when many are unanswered. `expirySeconds`: Unix time, 0 never.
   * @throws `unavailable` when the connection ended, or the node answered anything but `STORED`
   */
  async set(queue: string, expirySeconds: number, data: Buffer): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    this.#socket.cork();
    this.#socket.write(`set ${queue} 0 ${expirySeconds} ${data.length}\r\n`);
    this.#socket.write(data);
    this.#socket.write('\r\n');
    this.#socket.uncork();
    this.#unanswered++;
    this.#unansweredBytes += data.length;
    if (this.#unanswered >= batchItems || this.#unansweredBytes >= batchBytes) await this.answered();
  }

  /** Resolves when everything has been answered. @throws as `set` */
  async answered(): Promise<void> {
    while (this.#unanswered > 0 && this.#failure === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#unansweredBytes = 0;
    if (this.#failure !== undefined) throw this.#failure;
  }

  close(): void {
    this.#failure ??= new WindhoverError('closed', 'the connection was closed');
    this.#socket.destroy();
  }

  #receive(text: string): void {
    this.#text += text;
    for (let end = this.#text.indexOf('\r\n'); end >= 0; end = this.#text.indexOf('\r\n')) {
      const answer = this.#text.slice(0, end);
      this.#text = this.#text.slice(end + 2);
      if (answer !== 'STORED') return this.#fail(`the node answered: ${answer}`);
      this.stored++;
      this.#unanswered--;
    }
    if (this.#unanswered === 0) this.#wake?.();
  }

  #fail(why: string): void {
    if (this.#failure !== undefined) return;
    this.#failure = new WindhoverError('unavailable', why);
    this.#socket.destroy();
    this.#wake?.();
  }
}
