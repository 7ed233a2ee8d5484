import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { protocolVersion } from '../cluster/messages.ts';
import { OwnerWatch } from './owner-watch.ts';
import { owner } from './testing/queue-harness.ts';

test('a process that the directory has keeps its reads without a link, an earlier one of that node does not', () => {
  const hello = { clusterId: 'c', node: 'a:1', incarnation: 'second', protocolVersion };
  const watch = new OwnerWatch(hello, (node, incarnation) => node === 'b:1' && incarnation === 'now');
  const released = (): string[] => {
    const gone: string[] = [];
    watch.check((isGone) => {
      for (const incarnation of ['now', 'before']) if (isGone(owner(1, 'b:1', incarnation))) gone.push(incarnation);
    });
    return gone;
  };
  assert.equal([released(), released(), released()], [[], ['before'], ['before']]);
});

test.run();
