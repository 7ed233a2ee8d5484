/** `windhover node --print-config`, as an operator uses it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parse } from 'yaml';
import { nodeConfigSchema } from '../config.ts';
import { cleanUp, runToEnd, temporaryFolder } from '../testing/node-process.ts';

test.after(cleanUp);

test('what is printed has every setting, and says the same when it is read as a file, by itself', async () => {
  const folder = temporaryFolder();
  const [file, printed] = [join(folder, 'my.yaml'), join(folder, 'printed.yaml')];
  writeFileSync(
    file,
    `
node: { data: ${folder}, directory: "lmdb:${folder}/directory", maxMemory: 1GiB, clientTimeout: 90s, allowShutdown: true }
replication: { replicas: 3 }
default: { maxAge: 7d }
queues: { jobs: { maxItems: 1M, whiteListClientIdForEnqueue: [10.0.0.0/8] }, grüße: { fanoutOnly: true } }
aliases: { all: [jobs, log] }
`,
  );
  const flags = [
    '--allow-shutdown',
    'false',
    '--max-memory',
    '512MiB',
    '--enable-session-trace',
    '--partitions-per-label',
    '16',
  ];
  const first = await runToEnd('node', '--config', file, ...flags, '--print-config');
  assert.equal([first.code, first.errors], [0, '']);
  const { node, ...ofCluster } = parse(first.out) as { node: Record<string, unknown> };
  const { replication } = ofCluster as { replication: object };
  assert.equal(Object.keys({ ...node, ...replication }).sort(), Object.keys(nodeConfigSchema.shape).sort());
  const { maxMemory, clientTimeout, allowShutdown, enableSessionTrace, text } = node;
  assert.equal(
    [maxMemory, clientTimeout, allowShutdown, enableSessionTrace, text],
    ['512MiB', '90s', false, true, 'none'],
  );
  assert.equal(ofCluster, {
    replication: { replicas: 3, partitionsPerLabel: 16 },
    default: { maxAge: '7d' },
    queues: { jobs: { maxItems: '1M', whiteListClientIdForEnqueue: ['10.0.0.0/8'] }, grüße: { fanoutOnly: true } },
    aliases: { all: ['jobs', 'log'] },
  });
  writeFileSync(printed, first.out);
  const second = await runToEnd('node', '--config', printed, '--print-config');
  assert.equal([second.code, second.out], [0, first.out]);
});

test.run();
