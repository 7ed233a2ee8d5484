/**
 * What the sockets alone cost in Node: sends back what comes, or for `get` answers every so many bytes that come with as
 * many as a memcache server would, without looking at them. `node echo-server.js PORT set|get ITEM_BYTES QUEUE`
 */
import net, { type Socket } from 'node:net';

const [port, work, itemBytesText, queue] = process.argv.slice(2);
const itemBytes = Number(itemBytesText);
const getBytes = `get ${queue}\r\n`.length;
const hit = Buffer.from(`VALUE ${queue} 0 ${itemBytes}\r\n${'x'.repeat(itemBytes)}\r\nEND\r\n`, 'latin1');

const server = net.createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy());
  if (work === 'get') answerGets(socket);
  else socket.on('data', (chunk) => socket.write(chunk));
});
server.listen(Number(port), '127.0.0.1');

function answerGets(socket: Socket): void {
  let received = 0;
  socket.on('data', (chunk) => {
    received += chunk.length;
    socket.cork();
    for (; received >= getBytes; received -= getBytes) socket.write(hit);
    socket.uncork();
  });
}
