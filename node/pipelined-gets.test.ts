/** Gets of one client that are under way together, through a node that doesn't lead their queue; see docs/item-path.md. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CrashStage } from './testing/crash-stage.ts';
import { GetAnswers } from './testing/get-answers.ts';
import type { SimConnection, SimServer } from './testing/sim-server.ts';

const items = ['a', 'b', 'c', 'd', 'e'];
/** One more than there are items. */
const asked = 'get post/t=20\r\n'.repeat(items.length + 1);
/** All is answered by then, and what follows from it has been done, if nothing happens. */
const tailMs = 40;
const retriedMs = 3000;

interface Scene {
  readonly stage: CrashStage;
  readonly leader: SimServer;
  readonly between: SimServer;
  /** The client of the node in between. */
  readonly connection: SimConnection;
  /** What the kernel of that node took: each item, or nothing, of an answer. */
  readonly taken: (string | undefined)[];
}

type Mishap = (scene: Scene) => void;

async function play(step: number, mishap: Mishap): Promise<{ scene: Scene; steps: number }> {
  const stage = await CrashStage.begin(2, {}, 1);
  const leader = stage.leads('post');
  const between = stage.servers.find((server) => server !== leader) as SimServer;
  const setter = stage.connect(leader);
  for (const item of items) assert.is(await stage.play(setter.set('post', item)), 'STORED');
  setter.cut();
  const taken: Scene['taken'] = [];
  const answers = new GetAnswers();
  const connection = between.connect({
    accepted: (text) => taken.push(...answers.push(text)),
    received: () => undefined,
    closed: () => undefined,
  }) as SimConnection;
  const scene = { stage, leader, between, connection, taken };
  await stage.clock.runFor(tailMs);
  const began = stage.clock.steps;
  stage.clock.stopBefore(began + step, () => mishap(scene));
  connection.send(asked);
  await stage.clock.runFor(tailMs);
  return { scene, steps: stage.clock.steps - began };
}

const inOrder = (some: readonly string[]): boolean => String(some) === String([...some].sort());

async function atEveryStep(mishap: Mishap, check: (taken: readonly string[], left: readonly string[]) => boolean) {
  const { steps } = await play(0, mishap);
  for (let step = 1; step <= steps; step++) {
    const { scene } = await play(step, mishap);
    const { stage, leader, between, connection } = scene;
    await stage.clock.runFor(retriedMs);
    connection.cut();
    leader.start();
    between.start();
    const left = await stage.rest(['post']);
    const taken = scene.taken.filter((item) => item !== undefined);
    const told = `before step ${step} of ${steps} the client got ${taken} and there was left ${left}`;
    assert.equal([...new Set([...taken, ...left])].sort(), items, told);
    assert.ok(inOrder(left) && check(taken, left), told);
  }
}

test('nothing happens: each item comes once, in order, and the one get too many is told so', async () => {
  const { scene } = await play(0, () => undefined);
  assert.equal(scene.taken, [...items, undefined]);
  assert.equal(await scene.stage.rest(['post']), []);
});

test('the link to the leader breaks, at every step: all are asked for again, and come', () =>
  atEveryStep(
    ({ stage, leader, between }) => stage.breakLinks(leader, between),
    (taken) => items.every((item) => taken.includes(item)),
  ));

test('the client goes, at every step: what was not sent goes back', () =>
  atEveryStep(
    ({ connection }) => connection.cut(),
    (taken, left) => inOrder([...taken, ...left]),
  ));

test('the leader dies, at every step', () =>
  atEveryStep(
    ({ leader }) => leader.crash('power'),
    () => true,
  ));

test('the node in between dies, at every step', () =>
  atEveryStep(
    ({ between }) => between.crash('power'),
    (taken) => inOrder(taken),
  ));

test.run();
