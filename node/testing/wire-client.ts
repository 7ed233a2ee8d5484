import { connect, type Socket } from 'node:net';
import { within } from './eventually.ts';

const answerLimitMs = 10_000;

/** A memcache client that shows the bytes as they are: what a person at a terminal would see. Text is latin1. */
export class WireClient {
  readonly #socket: Socket;
  /** Resolves when the connection is over, however it ended. */
  readonly closed: Promise<void>;
  #received = '';
  #arrived: () => void = () => undefined;
  #over = false;
  /** Answers are given one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  static async connect(port: number): Promise<WireClient> {
    const socket = connect(port, '127.0.0.1');
    await within(
      answerLimitMs,
      `connecting to port ${port}`,
      new Promise<void>((resolve, reject) => socket.once('error', reject).once('connect', resolve)),
    );
    return new WireClient(socket);
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true).setEncoding('latin1');
    socket.on('data', (text: string) => {
      this.#received += text;
      this.#arrived();
    });
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#over = true;
        this.#arrived();
        resolve();
      });
    });
  }

  /** Sends it as it stands, without waiting for anything. */
  send(text: string | Buffer): void {
    this.#socket.write(text, 'latin1');
  }

  /** Sends one command and gives its whole answer, without the last line end. Rejects when the connection ends before. */
  async ask(command: string): Promise<string> {
    this.send(`${command}\r\n`);
    return this.answer();
  }

  /** `STORED`, or why not. */
  set(queue: string, data: string): Promise<string> {
    return this.ask(`set ${queue} 0 0 ${Buffer.byteLength(data, 'latin1')}\r\n${data}`);
  }

  /** The item's data, or undefined for none; throws when it is another answer. `key` may have options. */
  async get(key: string): Promise<string | undefined> {
    const answer = await this.ask(`get ${key}`);
    if (answer === 'END') return undefined;
    const match = /^VALUE \S+ \d+ \d+\r\n(.*)\r\nEND$/s.exec(answer);
    if (match === null) throw new Error(`get ${key}: ${answer}`);
    return match[1];
  }

  /** Names and values of `stats <scope>`. */
  async stats(scope = ''): Promise<Map<string, string>> {
    const answer = await this.ask(`stats ${scope}`.trim());
    const lines = answer.split('\r\n');
    if (lines.pop() !== 'END') throw new Error(`stats ${scope}: ${answer}`);
    return new Map(
      lines.map((line) => {
        const [, name, value] = /^STAT (\S+) (.*)$/.exec(line) ?? [];
        if (name === undefined || value === undefined) throw new Error(`stats ${scope}: ${line}`);
        return [name, value];
      }),
    );
  }

  /** The next answer that nobody waits for yet: up to `END` after `VALUE` and `STAT` lines and braces, else one line. */
  answer(): Promise<string> {
    const answer = this.#turn.then(() => this.#nextAnswer());
    this.#turn = answer.catch(() => undefined);
    return within(answerLimitMs, 'an answer', answer);
  }

  /** Cuts the connection. */
  destroy(): void {
    this.#socket.destroy();
  }

  async #nextAnswer(): Promise<string> {
    for (;;) {
      const length = answerLength(this.#received);
      if (length !== undefined) {
        const answer = this.#received.slice(0, length - 2);
        this.#received = this.#received.slice(length);
        return answer;
      }
      if (this.#over) throw new Error(`the connection ended after ${JSON.stringify(this.#received)}`);
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
    }
  }
}

const isFollowed = /^(STAT | {2}|\}$|.* \{$)/;

/** Characters of the first whole answer in it; undefined when it is not whole yet. */
function answerLength(text: string): number | undefined {
  let at = 0;
  for (;;) {
    const end = text.indexOf('\r\n', at);
    if (end === -1) return undefined;
    const line = text.slice(at, end);
    at = end + 2;
    const value = /^VALUE \S+ \d+ (\d+)/.exec(line);
    if (value !== null) at += Number(value[1]) + 2;
    else if (!isFollowed.test(line)) return at;
  }
}
