import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { eventually } from './eventually.ts';

/** A socket that knows no protocol. Text is latin1. */
export class RawClient {
  readonly #socket: Socket;
  #received = '';
  #ended = false;

  static async connect(port: number): Promise<RawClient> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new RawClient(socket);
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true).setEncoding('latin1');
    socket.on('error', () => undefined);
    socket.on('data', (text: string) => {
      this.#received += text;
    });
    socket.on('close', () => {
      this.#ended = true;
    });
  }

  /** Sends it and gives what came since the last call, once that has so many bytes. */
  async ask(request: string | Buffer, answerBytes: number): Promise<string> {
    this.#socket.write(request, 'latin1');
    await eventually(
      `an answer of ${answerBytes} bytes`,
      () => this.#received.length >= answerBytes || this.#ended || undefined,
    );
    const answer = this.#received;
    this.#received = '';
    return answer;
  }

  /** Asks and compares. */
  async expect(request: string | Buffer, answer: string): Promise<void> {
    const heard = await this.ask(request, answer.length);
    if (heard !== answer)
      throw new Error(`asked ${JSON.stringify(request.toString('latin1'))}, heard ${JSON.stringify(heard)}`);
  }

  /** Ends the connection without a word. */
  cut(): void {
    this.#socket.destroy();
  }
}
