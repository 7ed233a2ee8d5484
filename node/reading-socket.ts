import { Socket, type SocketConstructorOpts } from 'node:net';

/** What every connection is read into: a chunk is used up before the next one comes. */
const memory = Buffer.allocUnsafeSlow(64 * 1024);

/**
 * A socket on an accepted connection that nobody has read from yet (`pauseOnConnect`). It gives every chunk to `received`,
 * after which the chunk's bytes may be overwritten.
 *
 * Node allocates 64 KiB for every read and gives back what was not needed, which costs a quarter of all the processor time
 * of a server of small requests. Sockets that dial may read into memory of ours (`onread`); for those that were accepted
 * there is no documented way, so the connection's handle is moved into such a socket. Where Node has no such handle any
 * more it is read as Node does by itself.
 */
export function readingSocket(accepted: Socket, received: (chunk: Buffer) => void): Socket {
  const holder = accepted as Socket & { _handle?: { useUserBuffer?: unknown } | null };
  const handle = holder._handle;
  if (typeof handle?.useUserBuffer !== 'function') return accepted.on('data', received).resume();
  holder._handle = null;
  accepted.destroy(); // only the shell: its server need not count it any more
  const onread = {
    buffer: memory,
    callback: (bytes: number): boolean => {
      received(memory.subarray(0, bytes));
      return true;
    },
  };
  const options = { handle, allowHalfOpen: true, onread };
  return new Socket(options as SocketConstructorOpts).resume();
}
