import net from 'node:net';

const timeoutMs = 5000;

/**
 * Makes `streams` streams with three copies each, which share the subjects `compare.0` … between them. False when the
 * cluster can't do so yet.
 */
export async function createStreams(port: number, streams: number, subjects: number): Promise<boolean> {
  for (let stream = 0; stream < streams; stream++) {
    const own = Array.from({ length: subjects }, (_, index) => index).filter((index) => index % streams === stream);
    const config = {
      name: `COMPARE${stream}`,
      subjects: own.map((index) => `compare.${index}`),
      retention: 'limits',
      storage: 'file',
      num_replicas: 3,
      max_bytes: -1,
      max_msgs: -1,
      discard: 'old',
    };
    const answer = await request(port, `$JS.API.STREAM.CREATE.${config.name}`, JSON.stringify(config));
    if (!answer.includes('"config"') && !answer.includes('already in use')) return false;
  }
  return true;
}

/** Sends one request and gives what was answered; empty when nothing was in time. */
function request(port: number, subject: string, body: string): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = net.connect({ host: '127.0.0.1', port });
    const finish = (answer: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => finish(''), timeoutMs);
    socket.setEncoding('utf8');
    socket.on('error', () => finish(''));
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('PING\r\n')) socket.write('PONG\r\n');
      const message = /^H?MSG [^\r]*\r\n(\{.*)\r\n$/m.exec(text);
      if (message !== null) finish(message[1] ?? '');
    });
    socket.write(
      `CONNECT {"verbose":false,"pedantic":false}\r\nSUB _INBOX.compare 1\r\nPUB ${subject} _INBOX.compare ${Buffer.byteLength(body)}\r\n${body}\r\n`,
    );
  });
}
