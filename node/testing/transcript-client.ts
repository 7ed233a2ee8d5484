import type { SimConnection, SimServer } from './sim-server.ts';

/** One client of a transcript: a connection, and one command at a time on it. */
export class TranscriptClient {
  readonly #tell: (line: string) => void;
  #connection: SimConnection | undefined;
  #text = '';
  #waits = false;

  /** What the client hears is told as the rest of a sentence that begins with its name. */
  constructor(tell: (line: string) => void) {
    this.#tell = tell;
  }

  /** Its last command has not been answered yet. */
  get waits(): boolean {
    return this.#waits;
  }

  /** Sends `set QUEUE VALUE` or any other line, on the connection that it has or else on a new one. */
  ask(server: SimServer, line: string): void {
    if (this.#connection?.server !== server.name) this.#connection = this.#connect(server);
    if (this.#connection === undefined) return this.#tell('finds nobody there');
    const [, queue, value] = /^set (\S+) (.*)$/.exec(line) ?? [];
    this.#text = '';
    this.#waits = true;
    this.#connection.send(value === undefined ? `${line}\r\n` : `set ${queue} 0 0 ${value.length}\r\n${value}\r\n`);
  }

  /** The connection is cut without a word. */
  leave(): void {
    this.#connection?.cut();
    this.#connection = undefined;
    this.#waits = false;
  }

  #connect(server: SimServer): SimConnection | undefined {
    this.leave();
    const connection = server.connect({
      received: (text) => {
        if (this.#connection === connection) this.#received(text);
      },
      closed: () => {
        if (this.#connection !== connection) return;
        this.#tell(this.#waits ? 'is cut off without an answer' : 'is cut off');
        this.leave();
      },
    });
    return connection;
  }

  #received(text: string): void {
    this.#text += text;
    const whole = this.#text.startsWith('VALUE ') ? this.#text.endsWith('END\r\n') : this.#text.endsWith('\r\n');
    if (!whole) return;
    this.#waits = false;
    this.#tell(`hears ${this.#text.trimEnd().replaceAll('\r\n', ' / ')}`);
  }
}
