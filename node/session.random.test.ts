import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { SessionStage, setText } from './testing/session-stage.ts';

const settings = { maxValueBytes: 5000, maxRequests: 5, maxWaits: 3, maxRequestBytes: 4000 };

const command = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.constantFrom(setText('a', 'x'), setText('b', 'y'.repeat(3000)), setText('a', '\r\nz', 7)),
  },
  {
    weight: 5,
    arbitrary: fc.constantFrom('get a\r\n', 'get b\r\n', 'gets a\n', 'get a b c\r\n', 'get c b a c b a\r\n'),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom('get a/t=5\r\n'.repeat(2), 'get a/t=5\r\n', 'get b/t=6\r\n'),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'set a 0 0 1 noreply\r\nq\r\n',
      setText('a', 'w'.repeat(6000)),
      'add a 0 0 3\r\nabc\r\n',
      'get d/open\r\n',
      'get d/close/open\r\n',
      'get d/abort\r\n',
      setText('d', 'dd'),
      'delete b\r\n',
      'flush a\r\n',
      'flush_all\r\n',
      'version\r\n',
      'bogus\r\n',
      'stats a\r\n',
    ),
  },
);

/** Everything a client hears that sends `text` in pieces, while the network stops and goes and the broker takes its time. */
function converse(
  text: Buffer,
  cuts: readonly number[],
  moods: readonly number[],
): { heard: string; stage: SessionStage } {
  const stage = new SessionStage({ settings });
  const at = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b);
  let heard = '';
  for (const [i, end] of [...at, text.length].entries()) {
    const mood = moods[i % moods.length] ?? 0;
    stage.broker.holding = (mood & 1) === 1;
    stage.output.accepting = (mood & 2) === 0;
    heard += stage.say(text.subarray(i === 0 ? 0 : at[i - 1], end));
    if ((mood & 4) === 4) stage.broker.answerHeld(2);
    if ((mood & 8) === 8) heard += stage.drain();
  }
  heard += finish(stage);
  return { heard, stage };
}

function finish(stage: SessionStage): string {
  let heard = '';
  stage.broker.holding = false;
  for (let quiet = false; !quiet; ) {
    quiet = stage.broker.held.length === 0;
    stage.broker.answerHeld(stage.broker.held.length);
    stage.broker.timeOut();
    const more = stage.drain();
    heard += more;
    quiet &&= more === '';
  }
  return heard;
}

test('the answers do not depend on how bytes arrive, on the network, or on how long the broker takes', () => {
  fc.assert(
    fc.property(
      fc.array(command, { maxLength: 40 }),
      fc.array(fc.nat(30_000), { maxLength: 15 }),
      fc.array(fc.nat(15), { minLength: 1, maxLength: 16 }),
      (commands, cuts, moods) => {
        const text = Buffer.from(commands.join(''), 'latin1');
        const plain = converse(text, [], [0]);
        const { heard, stage } = converse(text, cuts, moods);
        assert.is(heard, plain.heard);
        stage.session.ended();
        plain.stage.session.ended();
        for (const [name, queue] of stage.broker.queues) {
          assert.equal(queue.held, [], `something of ${name} is still held`);
          assert.equal(stage.broker.items(name), plain.stage.broker.items(name));
        }
        assert.is(stage.broker.budget.usedBytes, 0);
        assert.is(stage.output.settledCount, 1);
      },
    ),
    { numRuns: 400 },
  );
});

test('byte by byte, the answers are the same', () => {
  const text = fc.sample(command, { numRuns: 60, seed: 7 }).join('');
  const plain = converse(Buffer.from(text, 'latin1'), [], [0]);
  const stage = new SessionStage({ settings });
  let heard = '';
  for (const byte of Buffer.from(text, 'latin1')) heard += stage.say(Buffer.from([byte]));
  assert.is(heard + finish(stage), plain.heard);
});

test('wherever a connection is cut, every item is delivered or still there, and nothing is held', () => {
  fc.assert(
    fc.property(
      fc.array(command, { maxLength: 30 }),
      fc.nat(),
      fc.nat(15),
      fc.nat(6),
      (commands, cut, mood, answers) => {
        const text = Buffer.from(commands.join(''), 'latin1');
        const stage = new SessionStage({ settings });
        stage.broker.holding = (mood & 1) === 1;
        stage.output.accepting = (mood & 2) === 0;
        stage.say(text.subarray(0, cut % (text.length + 1)));
        stage.broker.answerHeld(answers);
        stage.heard();
        stage.session.ended();
        stage.broker.holding = false;
        stage.broker.answerHeld(1000);
        for (const [name, queue] of stage.broker.queues) assert.equal(queue.held, [], name);
        assert.is(stage.broker.budget.usedBytes, 0);
        assert.is(stage.output.settledCount, 1);
        const releases = stage.broker.log.filter((line) => line.startsWith('release'));
        assert.is(new Set(releases).size, releases.length, 'a queue was released twice');
      },
    ),
    { numRuns: 400 },
  );
});

test('garbage ends in answers or in the end, never in an exception', () => {
  const garbage = fc.oneof(
    fc.uint8Array({ maxLength: 500 }).map((bytes) => Buffer.from(bytes)),
    command.map((text) => Buffer.from(text, 'latin1')),
    fc.constantFrom('set a 0 0 ', 'get ', '\n', '/', 'noreply', '\r\n').map((text) => Buffer.from(text)),
  );
  fc.assert(
    fc.property(fc.array(garbage, { maxLength: 30 }), (pieces) => {
      const stage = new SessionStage({ settings });
      for (const piece of pieces) stage.say(piece);
      const wasEnded = stage.output.isEnded;
      stage.session.inputEnded();
      stage.heard();
      assert.ok(wasEnded || stage.output.isEnded);
      assert.is(stage.broker.budget.usedBytes, 0);
    }),
    { numRuns: 300 },
  );
});

test.run();
