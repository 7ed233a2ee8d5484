import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { WindhoverError } from '../../journal/base/errors.ts';
import type {
  FollowerMessage,
  ForwardedRequest,
  ForwardedResponse,
  ForwarderMessage,
  ForwardReply,
  Hello,
  LeaderMessage,
  LogEnd,
} from '../messages.ts';
import type { Operation, Result } from '../operation.ts';
import { type Codec, followerCodec, forwarderCodec, forwardReplyCodec, helloCodec, leaderCodec } from './codec.ts';

const partition = fc.nat({ max: 0xffffffff });
const number = fc.oneof(fc.nat(), fc.constant(0), fc.integer({ min: 2 ** 40, max: Number.MAX_SAFE_INTEGER }));
const text = fc.string({ unit: 'binary' });
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const queue = fc.array(fc.nat(255), { maxLength: 100 }).map((codes) => String.fromCharCode(...codes));
const flags = fc.nat({ max: 0xffffffff });
const kind = <Kind extends string>(name: Kind) => fc.constant(name);

/** An arbitrary for each field, optional ones too, so that the compiler sees when one was forgotten. */
type Model<Message> = { readonly [Key in keyof Required<Message>]: fc.Arbitrary<Exclude<Message[Key], undefined>> };
type ByKind<Message extends { kind: string }> = {
  readonly [Kind in Message['kind']]: Model<Extract<Message, { kind: Kind }>>;
};

const optional = new Set(['settleId', 'attempt', 'again', 'leaseMs', 'delayMs', 'leased']);

function record<Message>(model: Model<Message>): fc.Arbitrary<Message> {
  const keys = Object.keys(model) as (keyof Message)[];
  const requiredKeys = keys.filter((key) => !optional.has(String(key)));
  return fc.record<Message>(model, { noNullPrototype: true, requiredKeys } as never) as fc.Arbitrary<Message>;
}

function each<Message extends { kind: string }>(models: ByKind<Message>): [string, fc.Arbitrary<Message>][] {
  return Object.entries(models).map(([name, model]) => [name, record(model as Model<Message>)]);
}

function any<Message extends { kind: string }>(models: ByKind<Message>): fc.Arbitrary<Message> {
  return fc.oneof(...each(models).map(([, arbitrary]) => arbitrary));
}

const heartbeat = { kind: kind('heartbeat') };

const follower: ByKind<FollowerMessage> = {
  heartbeat,
  subscribe: { kind: kind('subscribe'), partition, epoch: number, lastSequence: number, lastEpoch: number },
  unsubscribe: { kind: kind('unsubscribe'), partition },
  acknowledge: {
    kind: kind('acknowledge'),
    ends: fc.array(record<LogEnd>({ partition, epoch: number, sequence: number })),
    durableBytes: number,
  },
  handoverReady: { kind: kind('handoverReady'), partition, epoch: number },
};

const leader: ByKind<LeaderMessage> = {
  heartbeat,
  subscribed: { kind: kind('subscribed'), partition, epoch: number },
  refused: { kind: kind('refused'), partition, epoch: number, why: text },
  entries: { kind: kind('entries'), bytes },
  handover: { kind: kind('handover'), partition, epoch: number, sequence: number, state: bytes },
  mapChanged: { kind: kind('mapChanged'), key: text, value: text, version: number },
};

const reason = fc.constantFrom('expired', 'undelivered');
const origin = fc.record({ queue, reason, deliveries: flags }, { noNullPrototype: true });

const setOptions = fc
  .record(
    { delayMs: fc.nat(), token: queue, addedAtMs: fc.integer({ min: 1 }), origin },
    { noNullPrototype: true, requiredKeys: ['delayMs', 'token'] },
  )
  .filter(({ delayMs, token, ...rest }) => delayMs > 0 || token !== '' || Object.keys(rest).length > 0);

const operations: ByKind<Operation> = {
  set: { kind: kind('set'), queue, flags, expiresAtMs: number, data: bytes, options: setOptions },
  get: {
    kind: kind('get'),
    queue,
    settle: fc.constantFrom('none', 'close', 'abort'),
    settleId: number,
    read: fc.constantFrom('take', 'reserve', 'peek', 'nothing'),
    waitMs: fc.oneof(fc.nat(), fc.constant(0.25), fc.constant(Number.POSITIVE_INFINITY)),
    attempt: number,
    again: fc.constant(true),
    leaseMs: fc.integer({ min: 1 }),
    delayMs: fc.integer({ min: 1 }),
  },
  settle: {
    kind: kind('settle'),
    queue,
    id: number,
    how: fc.constantFrom('close', 'abort'),
    delayMs: fc.integer({ min: 1 }),
    attempt: number,
    again: fc.constant(true),
  },
  delivered: { kind: kind('delivered'), queue, id: number, leased: fc.constant(true) },
  delete: { kind: kind('delete'), queue },
  flush: { kind: kind('flush'), queue },
  flushExpired: { kind: kind('flushExpired'), queue },
  statistics: { kind: kind('statistics'), queue },
  release: { kind: kind('release'), queue },
};

const results: ByKind<Result> = {
  stored: { kind: kind('stored') },
  full: { kind: kind('full') },
  item: { kind: kind('item'), id: number, flags, data: bytes, lifeMs: fc.nat(), origin },
  empty: { kind: kind('empty') },
  deleted: { kind: kind('deleted') },
  missing: { kind: kind('missing') },
  flushed: { kind: kind('flushed') },
  expired: { kind: kind('expired'), count: number },
  statistics: { kind: kind('statistics'), entries: fc.array(fc.tuple(queue, queue)) },
  done: { kind: kind('done') },
  violation: { kind: kind('violation'), why: text },
  failed: { kind: kind('failed'), why: text },
  moved: { kind: kind('moved') },
};

const request = record<ForwardedRequest>({ id: number, connection: number, operation: any(operations) });
const response = record<ForwardedResponse>({ id: number, result: any(results) });

const forwarder: ByKind<ForwarderMessage> = {
  heartbeat,
  requests: { kind: kind('requests'), requests: fc.array(request) },
  cancel: { kind: kind('cancel'), ids: fc.array(number) },
};

const forwardReply: ByKind<ForwardReply> = {
  heartbeat,
  responses: { kind: kind('responses'), responses: fc.array(response) },
};

const hello = record<Hello>({ clusterId: text, node: text, incarnation: text, protocolVersion: flags });

function roundTrips<Message>(name: string, codec: Codec<Message>, arbitrary: fc.Arbitrary<Message>): void {
  test(`${name}: what is decoded is what was encoded`, () => {
    fc.assert(fc.property(arbitrary, (message) => assert.equal(codec.decode(codec.encode(message)), message)));
  });
}

for (const [name, message] of each(follower)) roundTrips(`follower ${name}`, followerCodec, message);
for (const [name, message] of each(leader)) roundTrips(`leader ${name}`, leaderCodec, message);
for (const [name, message] of each(forwarder)) roundTrips(`forwarder ${name}`, forwarderCodec, message);
for (const [name, message] of each(forwardReply)) roundTrips(`forward reply ${name}`, forwardReplyCodec, message);
for (const [name, operation] of each(operations)) {
  const message = operation.map((operation): ForwarderMessage => {
    return { kind: 'requests', requests: [{ id: 1, connection: 2, operation }] };
  });
  roundTrips(`operation ${name}`, forwarderCodec, message);
}
for (const [name, result] of each(results)) {
  const message = result.map((result): ForwardReply => ({ kind: 'responses', responses: [{ id: 1, result }] }));
  roundTrips(`result ${name}`, forwardReplyCodec, message);
}
roundTrips<ForwardReply>(
  'result item that nobody has moved',
  forwardReplyCodec,
  record({ ...results.item, origin: fc.constant(undefined) } as never).map((result) => ({
    kind: 'responses',
    responses: [{ id: 1, result: result as Result }],
  })),
);
roundTrips<Hello>('hello', helloCodec, hello);

const codecs: [string, Codec<unknown>][] = [
  ['follower', followerCodec as Codec<unknown>],
  ['leader', leaderCodec as Codec<unknown>],
  ['forwarder', forwarderCodec as Codec<unknown>],
  ['forward reply', forwardReplyCodec as Codec<unknown>],
  ['hello', helloCodec as Codec<unknown>],
];

for (const [name, codec] of codecs) {
  test(`${name}: any other bytes are a message or an 'invalid' error, nothing else`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (array) => {
        try {
          codec.decode(Buffer.from(array));
        } catch (error) {
          assert.instance(error, WindhoverError);
          assert.is((error as WindhoverError).code, 'invalid');
        }
      }),
      { numRuns: 2000 },
    );
  });
}

function refuses<Message>(what: string, codec: Codec<Message>, message: Message, why: RegExp): void {
  test(`${what} is refused`, () => {
    assert.throws(
      () => codec.decode(codec.encode(message)),
      (error: Error) => why.test(error.message),
    );
  });
}

const ends = [{ partition: 1, epoch: 1, sequence: 1.5 }];
refuses('a fraction as a sequence', followerCodec, { kind: 'acknowledge', ends, durableBytes: 0 }, /1\.5 where/);
refuses('a negative epoch', leaderCodec, { kind: 'subscribed', partition: 1, epoch: -1 }, /-1 where/);
refuses('a number beyond 2^53', forwarderCodec, { kind: 'cancel', ids: [2 ** 53] }, /9007199254740992 where/);

test('a frame without a kind is refused', () => {
  for (const [name, codec] of codecs.slice(0, 4)) {
    assert.throws(() => codec.decode(Buffer.alloc(0)), /a peer sent/, name);
  }
});

test('encoding copies: what is sent may change afterwards', () => {
  const data = Buffer.from('before');
  const frame = leaderCodec.encode({ kind: 'entries', bytes: data });
  data.fill(0);
  const message = leaderCodec.decode(frame);
  assert.is(message.kind === 'entries' && message.bytes.toString(), 'before');
});

test.run();
