import net from 'node:net';

interface Item {
  readonly id: number;
  readonly flags: string;
  readonly data: string;
}

interface Queue {
  readonly items: Item[];
  readonly waiters: { readonly connection: Connection; readonly give: (item: Item | undefined) => void }[];
}

interface Connection {
  readonly socket: net.Socket;
  readonly open: Map<string, Item>;
  rest: string;
  /** Answers are given one after the other. */
  turn: Promise<void>;
}

/** What the server does wrong on purpose; each is asked before the thing is done. */
export interface Misbehaviour {
  /** `STORED` is answered and the item dropped. */
  dropSet?: () => boolean;
  /** The item is stored, and the connection cut instead of an answer. */
  cutAfterSet?: () => boolean;
  /** The set is never answered. */
  holdSet?: () => boolean;
  /** The set is refused: `SERVER_ERROR`. */
  failSet?: () => boolean;
  /** The connection is cut when it confirms an item, before that is done. */
  cutBeforeClose?: () => boolean;
  /** A confirmed item goes back to the head of its queue. */
  repeatClosed?: () => boolean;
  /** The connection is cut after an item was handed out. */
  cutAfterRead?: () => boolean;
  /** An item is handed out after the one behind it, when there is one. */
  overtake?: () => boolean;
  /** An item isn't put on a fanout of its queue. */
  skipFanout?: () => boolean;
}

/**
 * A queue server in memory that speaks as much of the protocol as the load test does, and can be told to break its
 * promises: so that what the load test says of a bad server can be tested.
 */
export class QueueServer {
  /** What `config get cluster` is answered with; without, the server doesn't know the command. */
  clusterConfig: string | undefined;
  readonly #ids = new Set<string>();
  readonly misbehaviour: Misbehaviour = {};
  /** Called once, when the first item of a load comes. */
  onFirstSet: (() => void) | undefined;
  readonly #queues = new Map<string, Queue>();
  readonly #connections = new Set<Connection>();
  readonly #server = net.createServer({ noDelay: true }, (socket) => this.#accept(socket));
  #nextId = 1;

  /** Resolves to the port: the one wanted, or one that is free. */
  listen(wanted = 0): Promise<number> {
    return new Promise((resolve) => {
      this.#server.listen(wanted, '127.0.0.1', () => resolve((this.#server.address() as net.AddressInfo).port));
    });
  }

  /** How many connections it has, and how many items they have reserved. */
  get load(): { readonly connections: number; readonly reserved: number } {
    const reserved = [...this.#connections].reduce((sum, { open }) => sum + open.size, 0);
    return { connections: this.#connections.size, reserved };
  }

  /** Ends every connection, as a crash would; items stay. */
  cutConnections(): void {
    for (const { socket } of this.#connections) socket.destroy();
  }

  close(): void {
    this.cutConnections();
    this.#server.close();
  }

  /** Queues that were ever named. */
  get queueNames(): string[] {
    return [...this.#queues.keys()];
  }

  /** The data of everything in a queue, oldest first. */
  contents(queue: string): Buffer[] {
    return this.#queue(queue).items.map(({ data }) => Buffer.from(data, 'latin1'));
  }

  /** Puts an item into a queue behind everybody's back. */
  smuggle(queue: string, data: string): void {
    this.#add(queue, { id: this.#nextId++, flags: '0', data });
  }

  #accept(socket: net.Socket): void {
    const connection: Connection = { socket, open: new Map(), rest: '', turn: Promise.resolve() };
    this.#connections.add(connection);
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => this.#receive(connection, text));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#ended(connection));
  }

  #ended(connection: Connection): void {
    this.#connections.delete(connection);
    for (const [name, item] of connection.open) this.#giveBack(name, item);
    connection.open.clear();
  }

  #receive(connection: Connection, text: string): void {
    connection.rest += text;
    for (;;) {
      const lineEnd = connection.rest.indexOf('\r\n');
      if (lineEnd < 0) return;
      const words = connection.rest.slice(0, lineEnd).split(' ');
      const dataBytes = words[0] === 'set' ? Number(words[4]) + 2 : 0;
      if (connection.rest.length < lineEnd + 2 + dataBytes) return;
      const data = connection.rest.slice(lineEnd + 2, lineEnd + dataBytes);
      connection.rest = connection.rest.slice(lineEnd + 2 + dataBytes);
      connection.turn = connection.turn.then(async () => {
        const answer = await this.#execute(connection, words, data);
        if (!connection.socket.destroyed) connection.socket.write(answer, 'latin1');
      });
    }
  }

  async #execute(connection: Connection, words: string[], data: string): Promise<string> {
    const [command, key = ''] = words;
    switch (command) {
      case 'set':
        if (this.misbehaviour.holdSet?.()) return new Promise(() => undefined);
        return this.#set(connection, key, words[2] ?? '0', data);
      case 'get':
      case 'gets':
        return this.#get(connection, key, command === 'gets');
      case 'delete':
        return this.#queues.delete(key) ? 'DELETED\r\n' : 'NOT_FOUND\r\n';
      case 'flush':
        this.#queue(key).items.length = 0;
        return 'END\r\n';
      case 'config':
        if (this.clusterConfig === undefined) return 'ERROR\r\n';
        return `CONFIG cluster 0 ${this.clusterConfig.length}\r\n${this.clusterConfig}\r\nEND\r\n`;
      case 'stats':
        return `${this.#statLines()}END\r\n`;
      case 'version':
        return 'VERSION 1\r\n';
      default:
        return 'ERROR\r\n';
    }
  }

  #set(connection: Connection, key: string, flags: string, data: string): string {
    const [name = '', id] = key.split('/id=');
    if (id !== undefined && this.#ids.has(id)) return 'STORED\r\n';
    const item = { id: this.#nextId++, flags, data };
    if (name.endsWith('probe')) {
      this.#add(name, item);
      return 'STORED\r\n';
    }
    this.onFirstSet?.();
    this.onFirstSet = undefined;
    if (this.misbehaviour.failSet?.()) return 'SERVER_ERROR not now\r\n';
    if (id !== undefined) this.#ids.add(id);
    if (!this.misbehaviour.dropSet?.()) {
      this.#add(name, item);
      for (const fanout of this.queueNames.filter((other) => other.startsWith(`${name}+`))) {
        if (!this.misbehaviour.skipFanout?.()) this.#add(fanout, item);
      }
    }
    if (this.misbehaviour.cutAfterSet?.()) connection.socket.destroy();
    return 'STORED\r\n';
  }

  async #get(connection: Connection, key: string, withId: boolean): Promise<string> {
    const [name = '', ...options] = key.split('/');
    const open = connection.open.get(name);
    if (options.includes('close') && open !== undefined) {
      if (this.misbehaviour.cutBeforeClose?.()) {
        connection.socket.destroy();
        return '';
      }
      connection.open.delete(name);
      if (this.misbehaviour.repeatClosed?.()) this.#giveBack(name, open);
    }
    if (options.includes('abort') && open !== undefined) {
      connection.open.delete(name);
      this.#giveBack(name, open);
    }
    if (options.length > 0 && options.every((option) => option === 'close' || option === 'abort')) return 'END\r\n';
    if (options.includes('open') && connection.open.has(name)) return 'ERROR\r\n';
    const waitMs = Number(options.find((option) => option.startsWith('t='))?.slice(2) ?? 0);
    const item = options.includes('peek') ? this.#queue(name).items[0] : await this.#take(connection, name, waitMs);
    if (item === undefined) return 'END\r\n';
    if (options.includes('open')) connection.open.set(name, item);
    if (connection.socket.destroyed) this.#ended(connection);
    if (this.misbehaviour.cutAfterRead?.()) connection.socket.destroy();
    const id = withId ? ` ${item.id}` : '';
    return `VALUE ${name} ${item.flags} ${item.data.length}${id}\r\n${item.data}\r\nEND\r\n`;
  }

  #take(connection: Connection, name: string, waitMs: number): Promise<Item | undefined> {
    const queue = this.#queue(name);
    const overtakes = queue.items.length > 1 && this.misbehaviour.overtake?.();
    const [item] = queue.items.splice(overtakes ? 1 : 0, 1);
    if (item !== undefined || waitMs === 0) return Promise.resolve(item);
    return new Promise((resolve) => {
      const waiter = { connection, give: (given: Item | undefined) => done(given) };
      const timer = setTimeout(() => done(undefined), waitMs).unref();
      const done = (given: Item | undefined): void => {
        clearTimeout(timer);
        queue.waiters.splice(queue.waiters.indexOf(waiter), 1);
        resolve(given);
      };
      queue.waiters.push(waiter);
    });
  }

  #add(name: string, item: Item): void {
    const queue = this.#queue(name);
    const waiter = queue.waiters.find(({ connection }) => !connection.socket.destroyed);
    if (waiter === undefined) queue.items.push(item);
    else waiter.give(item);
  }

  #giveBack(name: string, item: Item): void {
    const queue = this.#queue(name);
    const waiter = queue.waiters.find(({ connection }) => !connection.socket.destroyed);
    if (waiter === undefined) queue.items.unshift(item);
    else waiter.give(item);
  }

  #queue(name: string): Queue {
    const queue = this.#queues.get(name) ?? { items: [], waiters: [] };
    this.#queues.set(name, queue);
    return queue;
  }

  #statLines(): string {
    return [...this.#queues].map(([name, { items }]) => `STAT queue_${name}_items ${items.length}\r\n`).join('');
  }
}
