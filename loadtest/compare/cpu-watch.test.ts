import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CpuWatch } from './cpu-watch.ts';
import { startProcess } from './processes.ts';

test('what servers and generator use between two looks is told apart, from each other and from the rest', async () => {
  const busy = (): ReturnType<typeof startProcess> => startProcess(process.execPath, ['-e', 'for (;;);'], undefined);
  const [server, other] = [busy(), busy()];
  const idle = startProcess('sleep', ['60'], undefined);
  try {
    const watch = new CpuWatch([server.pid, idle.pid]);
    watch.look(idle.pid);
    assert.is(watch.use(), undefined, 'nothing began');
    await sleep(300);
    watch.begin(idle.pid);
    await sleep(600);
    watch.look(idle.pid);
    const used = watch.use();
    assert.ok(used !== undefined && used.seconds > 0.5);
    assert.ok((used.servers[0] as number) > 0 && used.servers[1] === 0, JSON.stringify(used));
    assert.ok(used.others > 0 && used.generator === 0, JSON.stringify(used));
    await server.stop();
    watch.look(idle.pid);
    assert.is(watch.use(), undefined, 'a server was gone');
  } finally {
    await Promise.all([server, other, idle].map((each) => each.stop()));
  }
});

test.run();
