import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { readPayload } from '../../payload.ts';
import type { ProtocolName } from '../../scenario/scenario.ts';
import { type Ask, writeSet } from './requests.ts';
import type { Wire, WireContext } from './wire.ts';
import { wires } from './wires.ts';

interface Opened {
  readonly wire: Wire;
  readonly heard: string[];
  /** What it sent beside requests. */
  readonly control: string[];
}

const takes = { names: ['a', 'bb'], run: 5, waitMs: 0, reading: 'take' } as const;
const reserves = { ...takes, reading: 'reserve' } as const;

/** A wire, as connection 6. */
function open(name: ProtocolName, context: WireContext = takes): Opened {
  const protocol = wires[name];
  const heard: string[] = [];
  const control: string[] = [];
  const sink = {
    item: (buffer: Buffer, start: number, end: number) => heard.push(`item ${buffer.toString('latin1', start, end)}`),
    answered: (outcome: string, text: string) => heard.push(text === '' ? outcome : `${outcome}: ${text}`),
  };
  const wire = protocol.open(context, protocol.requests(context), 6, sink, (bytes) => control.push(bytes.toString()));
  return { wire, heard, control };
}

/** The request that sets an item, with the item as `ITEM`. */
function setFrame(name: ProtocolName, queue: number): string {
  const template = open(name).wire.requests.set(queue, 30);
  return template.bytes
    .toString('latin1')
    .replace(template.bytes.toString('latin1', template.payloadEnd - 30, template.payloadEnd), 'ITEM');
}

function askFrames(name: ProtocolName, waitMs: number, hows: readonly Ask[]): string[] {
  const requests = wires[name].requests({ ...takes, waitMs });
  return hows.map((how) => requests.ask(1, how).toString('latin1'));
}

/** What is heard of `answers`, which must not depend on how they are cut, nor on the chunk afterwards. */
function hear(name: ProtocolName, answers: string, context: WireContext = takes): string[] {
  const whole = open(name, context);
  whole.wire.receive(Buffer.from(answers, 'latin1'), answers.length);
  const bytewise = open(name, context);
  const one = Buffer.alloc(1);
  for (const byte of Buffer.from(answers, 'latin1')) {
    one[0] = byte;
    bytewise.wire.receive(one, 1);
    one[0] = 0x21;
  }
  assert.equal(bytewise.heard, whole.heard, 'byte by byte');
  return whole.heard;
}

test('sets in the words of each protocol', () => {
  assert.is(setFrame('memcache', 1), 'set bb 0 0 30\r\nITEM\r\n');
  assert.is(setFrame('meta', 1), 'ms bb 30\r\nITEM\r\n');
  assert.is(setFrame('binary', 1), `\x80\x01\0\x02\x08\0\0\0\0\0\0\x28${'\0'.repeat(20)}bbITEM`);
  assert.is(setFrame('text', 1), 'put bb:\nITEM\n\n');
  assert.is(setFrame('redis', 1), '*3\r\n$5\r\nLPUSH\r\n$2\r\nbb\r\n$30\r\nITEM\r\n');
  assert.is(setFrame('beanstalk', 0), 'put 0 0 60 30\r\nITEM\r\n');
  assert.is(setFrame('nats', 0), 'PUB a _INBOX.windhover.5.6 30\r\nITEM\r\n');
  assert.is(setFrame('echo', 0), setFrame('memcache', 0));
});

test('reads in the words of each protocol', () => {
  assert.equal(askFrames('memcache', 0, ['take', 'open', 'close-open', 'close', 'abort']), [
    'get bb\r\n',
    'get bb/open\r\n',
    'get bb/close/open\r\n',
    'get bb/close\r\n',
    'get bb/abort\r\n',
  ]);
  assert.equal(askFrames('memcache', 250, ['take', 'open', 'close-open', 'close']), [
    'get bb/t=250\r\n',
    'get bb/open/t=250\r\n',
    'get bb/close/open/t=250\r\n',
    'get bb/close\r\n',
  ]);
  assert.equal(askFrames('meta', 250, ['take', 'close-open', 'peek', 'delete']), [
    'mg bb/t=250 v\r\n',
    'mg bb/close/open/t=250 v\r\n',
    'mg bb/peek v\r\n',
    'md bb\r\n',
  ]);
  assert.equal(askFrames('binary', 0, ['take', 'open', 'delete']), [
    `\x80\0\0\x02${'\0'.repeat(7)}\x02${'\0'.repeat(12)}bb`,
    `\x80\0\0\x07${'\0'.repeat(7)}\x07${'\0'.repeat(12)}bb/open`,
    `\x80\x04\0\x02${'\0'.repeat(7)}\x02${'\0'.repeat(12)}bb`,
  ]);
  assert.equal(askFrames('text', 250, ['take', 'open', 'close-open', 'close', 'peek', 'delete']), [
    'get bb 250\nconfirm bb 1\n',
    'get bb 250\n',
    'get bb 250\n',
    'confirm bb 1\n',
    'peek bb\n',
    'delete bb\n',
  ]);
  assert.equal(askFrames('redis', 0, ['take']), ['*2\r\n$4\r\nRPOP\r\n$2\r\nbb\r\n']);
  assert.equal(askFrames('echo', 0, ['take']), ['get bb\r\n']);
  for (const name of ['beanstalk', 'nats'] as const) assert.equal(wires[name].reads, []);
});

test('every item says who sent it, and to which queue', () => {
  const { requests } = open('memcache').wire;
  for (let sequence = 0; sequence < 5; sequence++) {
    const buffer = Buffer.alloc(200, '!');
    const template = requests.set(sequence % 2, 30);
    writeSet(template, buffer, 3, { run: 5, producer: 6, sequence, queue: 9 });
    const end = 3 + template.payloadEnd;
    assert.equal({ ...readPayload(buffer, end - 30, end) }, { run: 5, producer: 6, sequence, queue: sequence % 2 });
    assert.is(buffer.toString('latin1', 0, 3), '!!!');
    assert.is(buffer.toString('latin1', 3 + template.bytes.length), '!'.repeat(200 - 3 - template.bytes.length));
  }
});

test('answers', () => {
  assert.equal(hear('memcache', 'STORED\r\nVALUE a 0 3\r\nEND\r\nEND\r\nNOT_STORED\r\nSERVER_ERROR full\r\n'), [
    'set',
    'item END',
    'hit',
    'refused: NOT_STORED',
    'error: SERVER_ERROR full',
  ]);
  assert.equal(hear('memcache', 'END\r\n'), ['miss']);
  assert.equal(hear('redis', ':1\r\n:22\r\n-OOM no\r\n'), ['set', 'set', 'error: -OOM no']);
  assert.equal(hear('redis', '$4\r\n:\r\n$\r\n$-1\r\n$0\r\n\r\n'), ['hit', 'miss', 'hit']);
  assert.equal(hear('beanstalk', 'INSERTED 1\r\nDRAINING\r\n'), ['set', 'error: DRAINING']);
  assert.equal(hear('echo', 'set q 0 0 3\r\nabc\r\n'.repeat(2)), ['set', 'set']);
  assert.equal(hear('echo', 'VALUE a 0 3\r\nabc\r\nEND\r\n'.repeat(2)), ['hit', 'hit']);
});

test('answers to meta commands', () => {
  const answers = 'HD\r\nVA 4\r\nEN\r\n\r\nVA 0\r\n\r\nEN\r\nNF\r\nNS\r\nSERVER_ERROR full\r\n';
  const heard = [
    'set',
    'item EN\r\n',
    'hit',
    'item ',
    'hit',
    'miss',
    'miss',
    'refused: NS',
    'error: SERVER_ERROR full',
  ];
  assert.equal(hear('meta', answers), heard);
  assert.throws(() => hear('meta', 'VA x\r\n'), 'a value of NaN bytes');
});

test('binary answers', () => {
  const answer = (opcode: number, status: number, extras = '', value = ''): string => {
    const header = Buffer.alloc(24);
    header.set([0x81, opcode, 0, 0, extras.length, 0, 0, status, 0, 0, 0, extras.length + value.length]);
    return header.toString('latin1') + extras + value;
  };
  const answers = [answer(1, 0), answer(0, 0, 'flag', 'item'), answer(0, 1), answer(4, 0), answer(1, 5, '', 'full')];
  const heard = ['set', 'item item', 'hit', 'miss', 'miss', 'refused: full', 'error: later'];
  assert.equal(hear('binary', answers.join('') + answer(1, 0x86, '', 'later')), heard);
  assert.throws(() => hear('binary', 'x'.repeat(24)), 'a response that begins with 120');
});

test("answers in Kestrel's text protocol: what is taken is confirmed by the answer that follows", () => {
  assert.equal(hear('text', '+1\n+0\n-full\n'), ['set', 'refused: +0', 'error: -full']);
  const none = '-Not that many transactions open.\n';
  assert.equal(hear('text', `:one\n+1\n*\n${none}+1\n`), ['item one', 'hit', 'miss', 'set']);
  assert.equal(hear('text', `:one\n${none}`), ['item one', 'error: -Not that many transactions open.']);
  assert.equal(hear('text', `-this node is quiescent\n${none}+1\n`), ['error: -this node is quiescent', 'set']);
  assert.equal(hear('text', ':one\n:two\n*\n+1\n', reserves), ['item one', 'hit', 'item two', 'hit', 'miss', 'miss']);
});

test('an item in a protocol of lines is one', () => {
  const { requests } = open('text').wire;
  for (let sequence = 0; sequence < 1000; sequence++) {
    const { bytes, payloadEnd } = requests.set(0, 20);
    const buffer = Buffer.alloc(bytes.length);
    writeSet(requests.set(0, 20), buffer, 0, { run: 0x0a0d, producer: 6, sequence, queue: 0 });
    assert.is(buffer.toString('latin1').split(/[\r\n]/).length, 4, `${sequence}`);
    assert.is(readPayload(buffer, payloadEnd - 20, payloadEnd)?.sequence, sequence);
  }
});

test('nats: acknowledgements of the stream, its errors, nobody listening, pings', () => {
  const info = 'INFO {"server_id":"x"}\r\n+OK\r\n';
  const stored = 'MSG _INBOX.windhover.5.6 1 26\r\n{"stream":"S", "seq":12345}\r\n';
  const refused = 'MSG _INBOX.windhover.5.6 1 20\r\n{"error":{"code":1}}\r\n';
  const nobody = 'HMSG _INBOX.windhover.5.6 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n';
  assert.equal(hear('nats', `${info}${stored}${refused}${nobody}-ERR 'x'\r\n`), [
    'set',
    'error: {"error":{"code":1}}',
    'error: no stream keeps this subject',
    "error: -ERR 'x'",
  ]);
  const { wire, control } = open('nats');
  wire.receive(Buffer.from('PING\r\n'), 6);
  assert.equal(control, ['PONG\r\n']);
  assert.match(wire.hello?.toString() ?? '', /^CONNECT \{.*\}\r\nSUB _INBOX\.windhover\.5\.6 1\r\n$/);
});

test.run();
