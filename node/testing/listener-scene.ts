import { connect, type Socket } from 'node:net';
import * as assert from 'uvu/assert';
import { systemClock } from '../../journal/base/clock.ts';
import { Listener, type ListenerOptions, newTrafficCounters } from '../listener.ts';
import { memcache } from '../protocol/memcache/dialect.ts';
import { defaultSessionSettings } from '../session.ts';
import { FakeBroker } from './fake-broker.ts';
import { FakeNodeService } from './fake-node-service.ts';

/** A client with a real socket that keeps what it hears. */
export class Client {
  readonly socket: Socket;
  readonly #heard: Buffer[] = [];
  heardBytes = 0;
  ended = false;
  error: Error | undefined;

  constructor(port: number, localAddress?: string) {
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, ...(localAddress && { localAddress }) });
    this.socket.on('data', (chunk: Buffer) => {
      this.#heard.push(chunk);
      this.heardBytes += chunk.length;
    });
    this.socket.on('end', () => {
      this.ended = true;
    });
    this.socket.on('error', (error) => {
      this.error = error;
    });
  }

  get heard(): string {
    return Buffer.concat(this.#heard).toString('latin1');
  }

  /** Sends, and waits for exactly this answer. */
  async ask(text: string, answer: string): Promise<void> {
    const before = this.heard.length;
    this.socket.write(text, 'latin1');
    await until(() => this.heardBytes >= before + answer.length, `${answer.slice(0, 40)}…`);
    assert.is(this.heard.slice(before), answer);
  }
}

export async function until(condition: () => boolean, what: string): Promise<void> {
  for (const deadline = Date.now() + 5000; !condition(); ) {
    if (Date.now() > deadline) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

export const noCrowdLimits = { refuseWrites: Number.POSITIVE_INFINITY, refuseReads: Number.POSITIVE_INFINITY };

export interface Scene {
  readonly broker: FakeBroker;
  readonly listener: Listener;
  client(localAddress?: string): Client;
}

/** Runs a test with a listener and clears up after it, whatever comes of it. */
export async function scene(
  run: (scene: Scene) => Promise<void>,
  options: Partial<ListenerOptions> = {},
): Promise<void> {
  const broker = new FakeBroker();
  const listener = await Listener.open('127.0.0.1', 0, {
    broker,
    service: new FakeNodeService(),
    clock: systemClock,
    node: 'n',
    incarnation: 'i',
    dialect: memcache,
    counters: newTrafficCounters(),
    settings: defaultSessionSettings,
    maxConnections: 100,
    crowdLimits: noCrowdLimits,
    clientTimeoutMs: Number.POSITIVE_INFINITY,
    trace: undefined,
    ...options,
  });
  const clients: Client[] = [];
  const client = (localAddress?: string): Client => {
    const made = new Client(listener.port, localAddress);
    clients.push(made);
    return made;
  };
  try {
    await run({ broker, listener, client });
  } finally {
    for (const made of clients) made.socket.destroy();
    await listener.close(0);
  }
}
