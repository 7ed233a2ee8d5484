import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { parseClusterConfig } from './cluster-config.ts';

test('a version and servers: the ring goes by the name, connections by the address', () => {
  assert.equal(parseClusterConfig('12\na.example|10.0.0.1|22133 b.example||22134 |10.0.0.3|22135\n'), {
    version: 12,
    servers: [
      { label: 'a.example:22133', host: '10.0.0.1', port: 22_133 },
      { label: 'b.example:22134', host: 'b.example', port: 22_134 },
      { label: '10.0.0.3:22135', host: '10.0.0.3', port: 22_135 },
    ],
  });
  assert.is(parseClusterConfig('1\r\na|1.2.3.4|5\r\n')?.servers.length, 1);
});

test('anything else is none', () => {
  for (const text of [
    '',
    '1',
    '1\n',
    'x\na||1',
    '\na||1',
    '1\na||0',
    '1\na||65536',
    '1\na||x',
    '1\na|1',
    '1\n||1',
    '1\na||1|',
  ]) {
    assert.is(parseClusterConfig(text), undefined, text);
  }
  fc.assert(fc.property(fc.string(), (text) => (parseClusterConfig(text)?.servers.length ?? 1) > 0));
});

test.run();
