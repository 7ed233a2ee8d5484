import fc from 'fast-check';
import * as assert from 'uvu/assert';
import type { Dialect } from '../protocol/dialect.ts';
import { effort, split } from './parsing.ts';
import { SessionStage } from './session-stage.ts';

/** How a connection is asked whether it is in step. */
export interface Probe {
  readonly dialect: Dialect;
  /** Said first, to an answer. */
  readonly first: Buffer;
  /** Said again and again afterwards: ends whatever the messages began and did not end. */
  readonly filler: Buffer;
  readonly question: Buffer;
  /** Whether what is heard after the question ends with its answer. */
  readonly isAnswer: (heard: string) => boolean;
  /** Messages that announce more than the filler can fill are only heard. */
  readonly announcesMore?: (messages: Buffer) => boolean;
}

/** Most bytes that messages may announce for the filler to fill. */
const fillerBytes = 3000;

const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A connection that heard these messages, in random pieces, is in step or closed. */
export async function checkInStep(messages: fc.Arbitrary<Buffer>, probe: Probe): Promise<void> {
  const cuts = fc.array(fc.nat(2000), { maxLength: 12 });
  const property = fc.asyncProperty(fc.array(messages, { maxLength: 12 }), cuts, async (list, places) => {
    const said = Buffer.concat(list);
    const stage = new SessionStage({ settings: { maxValueBytes: 2000 }, dialect: probe.dialect });
    stage.say(probe.first);
    for (const piece of split(said, places)) stage.say(piece);
    const fillers = Math.ceil(fillerBytes / probe.filler.length);
    for (let i = 0; i < fillers && !stage.output.isEnded; i++) {
      stage.say(probe.filler);
      stage.broker.timeOut();
      await soon(); // some commands take the node a moment
    }
    if (stage.output.isEnded || probe.announcesMore?.(said) === true) return;
    assert.ok(probe.isAnswer(stage.say(probe.question)), JSON.stringify(said.toString('latin1')));
  });
  await fc.assert(property, effort(300) as fc.Parameters<[Buffer[], number[]]>);
}
