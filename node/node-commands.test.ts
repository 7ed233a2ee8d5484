import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { systemClock } from '../journal/base/clock.ts';
import { memcache } from './protocol/memcache/dialect.ts';
import { defaultSessionSettings, Session } from './session.ts';
import { clusterSettings, onTheWire } from './settings/cluster-settings.ts';
import { SessionStage, setText, valueText } from './testing/session-stage.ts';

function value(data: string): string {
  return valueText('q', data).replace(/END\r\n$/, '');
}

/** A connection to a queue `q` with the given items. */
function stageWith(...items: string[]): SessionStage {
  const stage = new SessionStage();
  for (const item of items) stage.say(setText('q', item));
  return stage;
}

test('a monitor tells each item when it comes, until its time is over [monitor]', async () => {
  const stage = stageWith();
  const other = new SessionStage({ broker: stage.broker, connection: 2 });
  assert.is(stage.say('monitor q 10\r\nversion\r\n'), '');
  const waits = stage.broker.operations.filter((operation) => operation.kind === 'get');
  assert.equal(
    waits.map((operation) => operation.kind === 'get' && [operation.read, operation.waitMs]),
    [['reserve', 10_000]],
  );
  await stage.clock.runFor(4000);
  stage.broker.allowsOpen = 3;
  other.say(setText('q', 'one'));
  await stage.clock.runFor(0);
  assert.is(stage.heard(), value('one'));
  const next = stage.broker.operations.at(-1);
  assert.is(next?.kind === 'get' && next.waitMs, 6000);
  await stage.clock.runFor(6000);
  stage.broker.timeOut();
  await stage.clock.runFor(0);
  assert.is(stage.heard(), 'END\r\nVERSION 1.2.3\r\n');
});

test('a monitor ends with as many as were asked for, or may be open [monitor]', () => {
  const stage = stageWith('one', 'two', 'three');
  stage.broker.allowsOpen = 10;
  assert.is(stage.say('monitor q 10 2\r\n'), `${value('one')}${value('two')}END\r\n`);
  stage.broker.allowsOpen = 2;
  assert.is(stage.say('monitor q 10\r\nversion\r\n'), 'END\r\nVERSION 1.2.3\r\n');
  assert.equal(stage.broker.items('q'), ['three']);
});

test('a monitor of no time reads nothing; one that makes no sense is refused [monitor] [arguments]', () => {
  const stage = stageWith('one');
  assert.is(stage.say('monitor q 0\r\n'), 'END\r\n');
  assert.equal(stage.broker.items('q'), ['one']);
  for (const line of ['monitor', 'monitor q', 'monitor q x', 'monitor q 1 0', 'monitor q 1 2 3', 'monitor q/open 1']) {
    assert.match(stage.say(`${line}\r\n`), /^CLIENT_ERROR [^\r]+\r\n$/, line);
  }
});

test('a monitor whose client sends nothing more waits no longer [monitor]', () => {
  const stage = stageWith('one', 'two');
  stage.broker.allowsOpen = 10;
  stage.broker.holding = true;
  stage.say('monitor q 10\r\n');
  stage.broker.holding = false;
  stage.session.inputEnded();
  stage.broker.answerHeld(stage.broker.held.length);
  assert.is(stage.heard(), 'END\r\n');
  assert.ok(stage.output.isEnded);
});

test('a monitor says what went wrong, and the connection goes on [monitor-failed]', () => {
  const stage = stageWith('one');
  stage.broker.override = (operation) => (operation.kind === 'get' ? { kind: 'failed', why: 'no leader' } : undefined);
  assert.is(stage.say('monitor q 10\r\nversion\r\n'), 'SERVER_ERROR no leader\r\nVERSION 1.2.3\r\n');
});

test('confirm closes the oldest open reads, all or none [confirm]', () => {
  const stage = stageWith('one', 'two', 'three');
  stage.broker.allowsOpen = 10;
  stage.say('monitor q 10 3\r\n');
  assert.is(stage.say('confirm q 4\r\nconfirm q 2\r\n'), 'ERROR\r\nEND\r\n');
  assert.equal(
    stage.broker.queues.get('q')?.held.map(({ item }) => item.data.toString()),
    ['three'],
  );
  assert.is(stage.say('confirm q 1\r\nconfirm q 1\r\nversion\r\n'), 'END\r\nERROR\r\nVERSION 1.2.3\r\n');
  for (const line of ['confirm q', 'confirm q 0', 'confirm q x', 'confirm q/open 1', 'confirm q 1 1']) {
    assert.match(stage.say(`${line}\r\n`), /^CLIENT_ERROR [^\r]+\r\n$/, line);
  }
});

test('a confirm that fails in part says so [confirm]', () => {
  const stage = stageWith('one', 'two');
  stage.broker.allowsOpen = 2;
  stage.say('monitor q 10 2\r\n');
  let asked = 0;
  stage.broker.override = () => (++asked === 1 ? { kind: 'failed', why: 'no leader' } : undefined);
  assert.is(stage.say('confirm q 2\r\n'), 'SERVER_ERROR no leader\r\n');
});

test('statistics in braces, of all queues or of those named, many in slices [dump-stats]', () => {
  const stage = stageWith('one');
  const of = (name: string, items: number): string => `queue '${name}' {\r\n  items=${items}\r\n}\r\n`;
  assert.is(stage.say('dump_stats\r\n'), `${of('q', 1)}END\r\n`);
  stage.say(setText('p', 'x'));
  assert.is(stage.say('dump_stats p none\r\nversion\r\n'), `${of('p', 1)}END\r\nVERSION 1.2.3\r\n`);
  const asked = stage.broker.operations.length;
  stage.broker.override = ({ queue }) => (queue === 'r' ? { kind: 'failed', why: 'no leader' } : undefined);
  assert.is(stage.say('dump_stats p r q\r\n'), `${of('p', 1)}SERVER_ERROR no leader\r\n`);
  assert.is(stage.broker.operations.length - asked, 2, 'nothing is asked for once something failed');
  for (let n = 0; n < 200; n++) stage.say(setText(`q${n}`, 'x'));
  const before = stage.output.writes;
  const all = stage.say('dump_stats\r\n');
  assert.is(all.match(/queue '/g)?.length, 202);
  assert.ok(stage.output.writes - before > 3);
});

test('others have their turns while all queues are told of [dump-stats]', async () => {
  const { broker, service } = stageWith('one');
  for (let n = 0; n < 500; n++) broker.queues.set(`q${n}`, broker.queues.get('q') as never);
  let turns = 0;
  const count = setInterval(() => turns++, 0);
  await new Promise<void>((resolve) => {
    const write = (bytes: Buffer): boolean => {
      if (bytes.toString('latin1').endsWith('END\r\n')) resolve();
      return true;
    };
    const nothing = (): void => undefined;
    const output = { write, end: nothing, pause: nothing, resume: nothing, settled: nothing };
    const owner = { node: 'n', incarnation: 'i', connection: 1 };
    const settings = defaultSessionSettings;
    const admission = service.status;
    const parts = { broker, service, admission, owner, dialect: memcache, settings, clock: systemClock, output };
    new Session(parts).receive(Buffer.from('dump_stats\r\n'));
  });
  clearInterval(count);
  assert.ok(turns > 3, `${turns}`);
});

/** The braces of `dump_config`, those of their lines that are asked for. */
function shown(text: string, ...names: string[]): string[] {
  const lines = text.split('\r\n').map((line) => line.trim());
  return lines.filter((line) => !line.includes('=') || names.includes(line.split('=')[0] ?? ''));
}

test('settings in force in braces: the defaults, queues with their own, and aliases; or those of one [dump-config]', () => {
  const stage = stageWith();
  const late = onTheWire('später');
  stage.service.inForce = clusterSettings({
    default: { maxAgeMs: 60_000 },
    queues: { jobs: { maxItems: 5, expireToQueue: late }, 'jobs+a': { maxItems: 7 } },
    aliases: { grüße: ['jobs', 'log'] },
  });
  const said = (line: string): string[] =>
    shown(stage.say(`${line}\r\n`), 'maxItems', 'maxAge', 'expireToQueue', 'queue');
  const defaults = ['default {', 'maxItems=none', 'maxAge=1m', 'expireToQueue=none', '}'];
  const jobs = ["queue 'jobs' {", 'maxItems=5', 'maxAge=1m', `expireToQueue=${late}`, '}'];
  const child = ["queue 'jobs+a' {", 'maxItems=7', 'maxAge=1m', `expireToQueue=${late}`, '}'];
  const greetings = onTheWire('grüße');
  const alias = [`alias '${greetings}' {`, 'queue=jobs', 'queue=log', '}'];
  assert.equal(said('dump_config'), [...defaults, ...jobs, ...child, ...alias, 'END', '']);
  assert.equal(said('dump_config jobs+b'), ["queue 'jobs+b' {", ...jobs.slice(1), 'END', '']);
  assert.equal(said(`dump_config ${greetings}`), [...alias, 'END', '']);
  assert.match(stage.say('dump_config a b\r\ndump_config a~\r\n'), /^(CLIENT_ERROR [^\r]+\r\n){2}$/);
});

test('the file is reread, or it is said in one line why it could not be [reload]', async () => {
  const stage = stageWith();
  const say = async (text: string): Promise<string> => {
    const heard = stage.say(text);
    await stage.clock.runFor(0);
    return heard + stage.heard();
  };
  assert.is(await say('reload\r\nversion\r\n'), 'Reloaded config.\r\nVERSION 1.2.3\r\n');
  assert.is(stage.service.reloads, 1);
  stage.service.failure = new Error('line 1\nline 2');
  assert.match(await say('reload\r\nversion\r\n'), /^SERVER_ERROR [^\r\n]*line 1 line 2\r\nVERSION 1.2.3\r\n$/);
  assert.match(await say('reload now\r\n'), /^CLIENT_ERROR [^\r]+\r\n$/);
});

test('the status is told and set, by any case, and an unknown one refused [status]', async () => {
  const stage = stageWith();
  const say = async (text: string): Promise<string> => {
    const heard = stage.say(text);
    await stage.clock.runFor(0);
    return heard + stage.heard();
  };
  assert.is(await say('status\r\n'), 'UP\r\n');
  assert.is(await say('status ReadOnly\r\nstatus\r\n'), 'END\r\nREADONLY\r\n');
  assert.is(await say('status quiescent\r\nstatus\r\n'), 'END\r\nQUIESCENT\r\n');
  assert.match(await say('status down\r\n'), /^CLIENT_ERROR .*quiescent/);
  assert.equal(stage.service.written, ['READONLY\n', 'QUIESCENT\n']);
  stage.service.failure = new Error('no room');
  assert.match(await say('status up\r\nstatus\r\n'), /^SERVER_ERROR .*no room\r\nQUIESCENT\r\n$/);
});

test('a read-only node refuses writes, a quiescent one reads; what is open may be settled [status-readonly]', async () => {
  const stage = stageWith('one', 'two', 'three');
  const refused = 'SERVER_ERROR this node is read-only\r\n';
  stage.say('get q/open\r\n');
  await stage.service.status.change('readonly');
  for (const text of [setText('q', 'x'), 'delete q\r\n', 'flush q\r\n', 'flush_all\r\n', 'flush_all_expired\r\n']) {
    assert.is(stage.say(text), refused, text);
  }
  assert.is(stage.say('set q 0 0 1 noreply\r\nx\r\n'), '');
  assert.is(stage.say('get q/close/open\r\n'), valueText('q', 'two'));
  await stage.service.status.change('quiescent');
  for (const key of ['q', 'q/peek', 'q/close/open', 'q/open/t=9']) {
    assert.is(stage.say(`get ${key}\r\n`), 'SERVER_ERROR this node is quiescent\r\n', key);
  }
  assert.is(stage.say('get q/abort\r\nversion\r\n'), 'END\r\nVERSION 1.2.3\r\n');
  await stage.service.status.change('up');
  assert.is(stage.say('get q\r\n'), valueText('q', 'two'));
});

test('a stricter status holds after the grace period, a milder one at once [status-grace]', async () => {
  const stage = new SessionStage({ statusChangeGraceMs: 1000 });
  const { status } = stage.service;
  await status.change('readonly');
  assert.equal([status.name, status.blocks], ['readonly', 'nothing']);
  await stage.clock.runFor(500);
  await status.change('quiescent');
  await stage.clock.runFor(999);
  assert.is(status.blocks, 'nothing', 'the second period is a whole one');
  await stage.clock.runFor(1);
  assert.is(status.blocks, 'everything');
  await status.change('readonly');
  assert.is(status.blocks, 'writes');
  await status.change('quiescent');
  await status.change('up');
  await stage.clock.runFor(5000);
  assert.is(status.blocks, 'nothing');
});

test('the cluster’s nodes are told as auto discovery has them [config-get-cluster]', () => {
  const stage = stageWith();
  const text = '3\n10.0.0.1|10.0.0.1|22133 queue-2.example||22133\n';
  assert.is(stage.say('config get cluster\r\n'), `CONFIG cluster 0 ${text.length}\r\n${text}\r\nEND\r\n`);
  assert.match(stage.say('config get all\r\nconfig\r\n'), /^(CLIENT_ERROR [^\r]+\r\n){2}$/);
});

test('a shutdown is refused unless it is allowed, then it ends the connection [shutdown]', () => {
  const stage = stageWith();
  assert.match(stage.say('shutdown\r\nversion\r\n'), /^CLIENT_ERROR [^\r]+\r\nVERSION 1.2.3\r\n$/);
  stage.service.allowsShutdown = true;
  assert.is(stage.say('shutdown\r\nversion\r\n'), '');
  assert.equal([stage.service.shutdowns, stage.output.isEnded], [1, true]);
});

test.run();
