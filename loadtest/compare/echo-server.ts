/**
 * What the sockets alone cost in Node: answers as many bytes as a memcache server would for every so many bytes that
 * come, without looking at them. `node echo-server.js PORT set|get ITEM_BYTES QUEUE`
 */
import net from 'node:net';

const [port, work, itemBytesText, queue] = process.argv.slice(2);
const itemBytes = Number(itemBytesText);
const setBytes = `set ${queue} 0 0 ${itemBytes}\r\n`.length + itemBytes + 2;
const requestBytes = work === 'get' ? `get ${queue}\r\n`.length : setBytes;
const hit = `VALUE ${queue} 0 ${itemBytes}\r\n${'x'.repeat(itemBytes)}\r\nEND\r\n`;
const answer = Buffer.from(work === 'get' ? hit : 'STORED\r\n', 'latin1');

const server = net.createServer({ noDelay: true }, (socket) => {
  let received = 0;
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    received += chunk.length;
    socket.cork();
    for (; received >= requestBytes; received -= requestBytes) socket.write(answer);
    socket.uncork();
  });
});
server.listen(Number(port), '127.0.0.1');
