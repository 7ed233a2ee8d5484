import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { Result } from '../cluster/operation.ts';
import { type Answer, FixedAnswer, silence } from './protocol/answer.ts';
import type { Command, SeriesCommand, SingleCommand } from './protocol/command.ts';
import type { Dialect, Parser } from './protocol/dialect.ts';
import { SessionStage, setText } from './testing/session-stage.ts';

/** Takes items of `q` one after another until there is none, then says what it found. */
class TakeAll implements SeriesCommand {
  readonly kind = 'series';
  readonly order = 'after';
  readonly found: string[] = [];
  readonly #waitMs: number;
  #state: 'asking' | 'empty' | 'over' = 'asking';

  constructor(waitMs: number) {
    this.#waitMs = waitMs;
  }

  next(): SingleCommand | undefined {
    if (this.#state === 'over') return undefined;
    if (this.#state === 'asking') return this.#take();
    this.#state = 'over';
    return { kind: 'tell', answer: new FixedAnswer(Buffer.from(`found ${this.found.join(' ')}\n`)), close: false };
  }

  #take(): SingleCommand {
    const answer: Answer = {
      say: (result: Result) => {
        if (result.kind === 'item') this.found.push(result.data.toString());
        else this.#state = 'empty';
        return 'go on';
      },
    };
    return { kind: 'get', key: { queue: 'q', settle: 'none', read: 'take', waitMs: this.#waitMs }, answer };
  }
}

/** Each byte is a command: `t` takes all, `w` takes all and waits for more, `s` sets, `q` quits. */
class ByteParser implements Parser {
  #bytes = '';

  get unreadBytes(): number {
    return this.#bytes.length;
  }

  readonly atBoundary = true;

  push(chunk: Buffer): void {
    this.#bytes += chunk.toString('latin1');
  }

  next(): Command | undefined {
    const byte = this.#bytes[0];
    this.#bytes = this.#bytes.slice(1);
    if (byte === 't' || byte === 'w') return new TakeAll(byte === 'w' ? 60_000 : 0);
    if (byte === 'q') return { kind: 'tell', answer: new FixedAnswer(Buffer.from('bye\n')), close: true };
    if (byte !== 's') return undefined;
    const data = Buffer.from('s');
    return { kind: 'set', queue: 'q', flags: 0, lifeMs: 0, expiresAtMs: 0, data, answer: silence };
  }

  detach(): void {}

  close(): void {
    this.#bytes = '';
  }
}

const bytewise: Dialect = {
  name: 'bytewise',
  parser: () => new ByteParser(),
  tooManyConnections: Buffer.alloc(0),
};

test('a part is asked for when the one before was answered, and what follows the series waits for its end', () => {
  const stage = new SessionStage({ dialect: bytewise });
  assert.is(stage.say('ssstq'), 'found s s s\nbye\n');
  assert.ok(stage.output.isEnded);
  const gets = stage.broker.log.filter((words) => words.startsWith('take'));
  assert.is(gets.length, 4);
});

test('a series goes on when its part is answered later', () => {
  const stage = new SessionStage({ dialect: bytewise });
  stage.say('ss');
  stage.broker.holding = true;
  assert.is(stage.say('tst'), '');
  for (let i = 0; i < 3; i++) {
    assert.is(stage.broker.held.filter((request) => request.operation.kind === 'get').length, 1);
    stage.broker.answerHeld(stage.broker.held.length);
    stage.broker.holding = i < 2;
    const heard = stage.heard();
    if (i === 2) assert.is(heard, 'found s s\nfound s\n');
  }
});

test('a client that sends nothing more is told what its series found, which waits no longer', () => {
  const stage = new SessionStage({ dialect: bytewise });
  const other = new SessionStage({ broker: stage.broker, connection: 2 });
  stage.say('w');
  other.say(setText('q', 'x'));
  stage.heard();
  stage.session.inputEnded();
  assert.is(stage.heard(), 'found x\n');
  assert.ok(stage.output.isEnded);
});

test('a series that the connection outlives asks for nothing more', () => {
  const stage = new SessionStage({ dialect: bytewise });
  stage.say('w');
  stage.session.ended();
  assert.is(stage.heard(), '');
  assert.equal(stage.broker.log, ['take q 60000', 'cancel q', 'release q']);
});

test.run();
