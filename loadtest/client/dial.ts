import net from 'node:net';
import type { Target } from './target.ts';

const receiveBytes = 65_536;

/** All sockets read into one buffer: nothing of it may be kept beyond a `received`. */
const received = Buffer.allocUnsafeSlow(receiveBytes);

/** What becomes of a link. Nothing is told any more once `ended` was, or the link was dropped. */
export interface LinkEvents {
  opened(): void;
  /** `buffer[0..bytes)`, overwritten afterwards. */
  received(buffer: Buffer, bytes: number): void;
  /** It could not be made, or ended without our doing. */
  ended(why: string): void;
}

/** A socket to a server. */
export interface Link {
  readonly socket: net.Socket;
  /** Ends it at once. */
  drop(): void;
}

/** Begins to connect; gives up after `connectTimeoutMs`. Exactly one of `opened` and `ended` follows, later. */
export function dial({ host, port }: Target, events: LinkEvents, connectTimeoutMs = 2000): Link {
  let over = false;
  const receive = (bytes: number): boolean => {
    if (!over) events.received(received, bytes);
    return true;
  };
  const socket: net.Socket = net.connect({
    host,
    port,
    noDelay: true,
    onread: { buffer: received, callback: receive },
  });
  const drop = (): void => {
    over = true;
    clearTimeout(timer);
    socket.destroy();
  };
  const end = (why: string): void => {
    if (over) return;
    drop();
    events.ended(why);
  };
  const timer = setTimeout(() => end(`no connection within ${connectTimeoutMs / 1000} s`), connectTimeoutMs);
  socket.once('connect', () => {
    clearTimeout(timer);
    if (!over) events.opened();
  });
  socket.on('error', (error) => end(error.message));
  socket.on('close', () => end('the connection ended'));
  return { socket, drop };
}
