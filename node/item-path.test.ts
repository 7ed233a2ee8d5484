/**
 * What may happen to an item, with a crash after every step of it: before anything that a node does to its disk, the
 * network, the directory or a client. See docs/item-path.md.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CrashStage, type StageClient } from './testing/crash-stage.ts';
import type { SimServer } from './testing/sim-server.ts';

/** Who dies; of two that die at once none can take over. */
type Victims = 'leader' | 'follower' | 'both';

interface Fate {
  readonly victims: Victims;
  readonly kind: 'process' | 'power';
  /** Who is there when the queue is looked at: one that is there alone has to have everything. */
  readonly back: Victims;
}

const fates: readonly Fate[] = [
  { victims: 'leader', kind: 'process', back: 'follower' },
  { victims: 'leader', kind: 'power', back: 'follower' },
  { victims: 'follower', kind: 'power', back: 'both' },
  { victims: 'both', kind: 'process', back: 'both' },
  { victims: 'both', kind: 'power', back: 'leader' },
  { victims: 'both', kind: 'power', back: 'follower' },
];

interface Scene {
  readonly stage: CrashStage;
  /** Of the queue `post`, when the story begins. */
  readonly leader: SimServer;
  readonly follower: SimServer;
  /** A client of the leader. */
  readonly client: StageClient;
  /** A client of the follower, which forwards what it asks. */
  readonly other: StageClient;
}

type Answer = string | undefined;

interface Story<Told> {
  /** Who may die; anybody if not given. Then both come back: only one of them may be in sync. */
  readonly victims?: Victims;
  /** Who may leave the in-sync set in the course of it: the other has to come back too. */
  readonly leaves?: 'leader';
  readonly settings?: object;
  /** What stands in the queue when it begins. */
  readonly items: readonly string[];
  /** What goes before, without a crash. */
  readonly before?: (scene: Scene) => Promise<unknown>;
  /** What happens; gives what clients were told. */
  readonly act: (scene: Scene) => Promise<Told>;
  /** What may be there afterwards, when clients were told that and those nodes died. */
  readonly may: (told: Told, victims: Victims) => readonly (readonly string[])[];
  /** What must be there when nothing went wrong before all of it was done, its consequences too. */
  readonly must: readonly string[] | ((told: Told) => readonly string[]);
}

/** Who is there alone in the end has the slow disk, so that nobody may count on it before it is done. */
const [fastSyncMs, slowSyncMs] = [0.3, 3];
/** So long after a client was answered all that follows from it is on the disks. */
const tailMs = 12;
/** A queue that the other node leads. */
const deadLetters = 'morgue';
/** Items that are to go to another queue go once a second. */
const sweepMs = 1010;

/** The story as far as it goes when a node with a slow disk takes part, and something happens before that step of it. */
async function play<Told>(story: Story<Told>, slow: Victims, step: number, happens: (scene: Scene) => void) {
  const stage = await CrashStage.begin(2, { post: story.settings ?? {} }, 1);
  const leader = stage.leads('post');
  const follower = stage.servers.find((server) => server !== leader) as SimServer;
  leader.disk.syncMs = slow === 'leader' ? slowSyncMs : fastSyncMs;
  follower.disk.syncMs = slow === 'follower' ? slowSyncMs : fastSyncMs;
  const scene = { stage, leader, follower, client: stage.connect(leader), other: stage.connect(follower) };
  for (const item of story.items) assert.is(await stage.play(scene.client.set('post', item)), 'STORED');
  if (story.before) await stage.play(story.before(scene));
  await stage.clock.runFor(tailMs);
  const began = stage.clock.steps;
  stage.clock.stopBefore(began + step, () => happens(scene));
  const told = await stage.play(story.act(scene));
  await stage.clock.runFor(tailMs);
  return { scene, told, steps: stage.clock.steps - began };
}

function kill({ leader, follower }: Scene, { victims, kind }: Fate): void {
  if (victims !== 'follower') leader.crash(kind);
  if (victims !== 'leader') follower.crash(kind);
}

async function rest({ stage, client, other, leader, follower }: Scene, back: Victims): Promise<string> {
  client.cut();
  other.cut();
  if (back !== 'follower') leader.start();
  if (back !== 'leader') follower.start();
  return String(await stage.rest(['post', deadLetters]));
}

function name({ victims, kind, back }: Fate): string {
  return `${victims} (${kind}, ${back} back)`;
}

/** In a long story each step has one of the fates, by turns. */
const longSteps = 40;

async function crashAtEveryStep<Told>(story: Story<Told>): Promise<void> {
  const possible = fates.filter(({ victims }) => story.victims === undefined || story.victims === victims);
  for (const [turn, fate] of possible.entries()) {
    const crash = (scene: Scene): void => kill(scene, fate);
    const back = story.victims !== undefined || fate.back === story.leaves ? 'both' : fate.back;
    const { steps } = await play(story, fate.back, 0, () => undefined);
    for (let step = 1; step <= steps; step++) {
      if (steps > longSteps && step % possible.length !== turn) continue;
      const { scene, told } = await play(story, fate.back, step, crash);
      const found = await rest(scene, back);
      const where = `${name(fate)} before step ${step} of ${steps}, told ${JSON.stringify(told)}`;
      assert.ok(story.may(told, fate.victims).map(String).includes(found), `${where}: there is ${found || 'nothing'}`);
    }
    const { scene, told } = await play(story, fate.back, 0, () => undefined);
    crash(scene);
    const must = typeof story.must === 'function' ? story.must(told) : story.must;
    assert.is(await rest(scene, back), String(must), `${name(fate)} when all was done`);
  }
}

const one = ['one'];
const two = ['one', 'two'];
const second = ['two'];

/** An item that was set may be there unless the client knows, and must be if it was told so. */
function withSet(told: Answer, items: readonly string[], item: string): string[][] {
  return told === 'STORED' ? [[...items, item]] : [[...items, item], [...items]];
}

test('a crash after every step of a set', () =>
  crashAtEveryStep<Answer>({
    items: [],
    act: ({ client }) => client.set('post', 'one'),
    may: (told) => withSet(told, [], 'one'),
    must: one,
  }));

test('… of a set through another node', () =>
  crashAtEveryStep<Answer>({
    items: [],
    act: ({ other }) => other.set('post', 'one'),
    may: (told) => withSet(told, [], 'one'),
    must: one,
  }));

test('… of a plain get', () =>
  crashAtEveryStep<Answer>({
    items: two,
    act: ({ client }) => client.ask('get post'),
    may: (told) => (told === 'one' ? [two, second] : [two]),
    must: second,
  }));

// What the kernel of the client's node has taken is delivered, though that node may go down before it has left.
test('… of a plain get through another node', () =>
  crashAtEveryStep<Answer>({
    items: two,
    act: ({ other }) => other.ask('get post'),
    may: (told, victims) => (told === 'one' || victims !== 'leader' ? [two, second] : [two]),
    must: second,
  }));

const open = ({ client }: Scene): Promise<Answer> => client.ask('get post/open');
const close = ({ client }: Scene): Promise<Answer> => client.ask('get post/close');

test('… of a close that is answered at once', () =>
  crashAtEveryStep<Answer>({ items: two, before: open, act: close, may: () => [two, second], must: second }));

test('… of a close that is answered when it is committed', () =>
  crashAtEveryStep<Answer>({
    settings: { confirm: 'committed' },
    items: two,
    before: open,
    act: close,
    may: (told) => (told === 'END' ? [second] : [two, second]),
    must: second,
  }));

test('… of open reads that end otherwise: an abort, a client that goes, a lease that is over', () =>
  crashAtEveryStep<Answer[]>({
    items: two,
    before: open,
    act: async ({ stage, client, leader }) => {
      const leaver = stage.connect(leader);
      const told = [await client.ask('get post/abort'), await leaver.ask('get post/open')];
      leaver.cut();
      told.push(await client.ask('gets post/open/lease=3'));
      await stage.pause(4);
      return told;
    },
    may: () => [two],
    must: (told) => {
      assert.equal(told, ['END', 'one', 'one']);
      return two;
    },
  }));

test('… of an item that goes to another queue', () =>
  crashAtEveryStep<Answer>({
    settings: { maxDeliveries: 1, deadLetterQueue: deadLetters },
    items: two,
    before: open,
    act: async ({ stage, client, follower }) => {
      assert.is(stage.leads(deadLetters), follower);
      const told = await client.ask('get post/abort');
      await stage.pause(sweepMs);
      return told;
    },
    // In both queues, or twice in the other, when nobody knows whether it got there.
    may: () => [two, ['two', 'one'], ['one', 'two', 'one'], ['two', 'one', 'one']],
    must: ['two', 'one'],
  }));

test('… of a flush', () =>
  crashAtEveryStep<Answer>({
    items: two,
    act: ({ client }) => client.ask('flush post'),
    may: (told) => (told === 'END' ? [[]] : [two, []]),
    must: [],
  }));

/** A leader that drains hands over within that. */
const handoverMs = 100;

test('… of a handover, with an open read, and sets on their way', () =>
  crashAtEveryStep<{ sets: Answer[]; got: Answer }>({
    leaves: 'leader',
    items: two,
    before: ({ other }) => other.ask('get post/open'),
    act: async ({ stage, leader, follower }) => {
      void leader.drain();
      const [writer, reader] = [stage.connect(follower), stage.connect(follower)];
      const sets: Answer[] = [];
      const endMs = stage.clock.monotonicMs() + handoverMs;
      for (let told: Answer = 'STORED'; told === 'STORED' && stage.clock.monotonicMs() < endMs; ) {
        if (stage.isLedBy(follower, 'post')) break;
        told = await writer.set('post', `set ${sets.length}`);
        sets.push(told);
      }
      const got = await reader.ask('get post');
      await stage.pause(250);
      return { sets, got };
    },
    may: ({ sets, got }, victims) => {
      let lists = [[...two]];
      for (const [index, told] of sets.entries()) lists = lists.flatMap((list) => withSet(told, list, `set ${index}`));
      const gone = got ?? (victims === 'leader' ? undefined : 'two');
      return lists.flatMap((items) => [items, items.filter((item) => item !== gone)]);
    },
    must: (told) => ['one', ...told.sets.map((_, index) => `set ${index}`)],
  }));

test('… of a takeover, with a set that waits for it', () =>
  crashAtEveryStep<Answer>({
    victims: 'follower',
    items: two,
    act: ({ leader, other }) => {
      leader.crash('power');
      return other.set('post', 'three');
    },
    may: (told) => withSet(told, two, 'three'),
    must: ['one', 'two', 'three'],
  }));

test('… of a start after a power loss of all', () =>
  crashAtEveryStep<Answer>({
    victims: 'both',
    items: two,
    before: async ({ leader, follower }) => {
      leader.crash('power');
      follower.crash('power');
    },
    act: async ({ stage, leader, follower }) => {
      leader.start();
      follower.start();
      await stage.pause(100);
      return undefined;
    },
    may: () => [two],
    must: two,
  }));

test.run();
