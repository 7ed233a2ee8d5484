import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { errorOf } from '../journal/testing/error-of.ts';
import { SimDisk } from '../journal/testing/sim-disk.ts';
import { Identity } from './identity.ts';

const file = 'node.json';
const unasked = (): string => {
  throw new Error('no new id is to be made');
};

/** The folder of node `one`, of a cluster, whose journal was left without a sync. */
async function folder(): Promise<SimDisk> {
  const disk = new SimDisk();
  const identity = await Identity.load(disk, () => 'one');
  await identity.belongTo('birds');
  await identity.unsynced('boot 1');
  await disk.makeFolder('journal');
  return disk;
}

test('what it says outlives a restart', async () => {
  const disk = await folder();
  const identity = await Identity.load(disk, unasked);
  assert.equal([identity.nodeId, identity.clusterId], ['one', 'birds']);
  assert.equal([identity.mayHaveLost('boot 1'), identity.mayHaveLost('boot 2')], [false, true]);
  await identity.unsynced(undefined);
  assert.not((await Identity.load(disk, unasked)).mayHaveLost('boot 2'));
});

test('any bit flipped in it, and any cut, is refused: another id or cluster would have its store thrown away', async () => {
  const disk = await folder();
  const bytes = (await disk.readWhole(file)) as Buffer;
  const lastBrace = bytes.length - 2;
  for (let offset = 0; offset <= lastBrace; offset++) {
    for (let bit = 0; bit < 8; bit++) {
      const copy = disk.copy(() => 0);
      copy.flipBit(file, offset, bit);
      const error = await errorOf(Identity.load(copy, unasked));
      assert.match(`${error.code} ${error.message}`, /^corrupt node\.json at 0: /, `bit ${bit} of byte ${offset}`);
    }
    const copy = disk.copy(() => 0);
    copy.truncate(file, offset);
    assert.is((await errorOf(Identity.load(copy, unasked))).code, 'corrupt', `cut at ${offset}`);
  }
});

test('one that is missing is made anew only where there is no store', async () => {
  for (const left of ['journal', 'backlog', 'checkpoint']) {
    const disk = new SimDisk();
    if (left === 'checkpoint') await disk.replace(left, Buffer.from('x'));
    else await disk.makeFolder(left);
    const names = disk.names();
    const { message } = await errorOf(Identity.load(disk, unasked));
    assert.is(message, 'node.json at 0: it is missing, and there is a store');
    assert.equal(disk.names(), names);
  }
  assert.is((await Identity.load(new SimDisk(), () => 'new')).nodeId, 'new');
});

test('one of before there was a checksum is read', async () => {
  const disk = new SimDisk();
  await disk.replace(file, Buffer.from('{"formatVersion":1,"nodeId":"old","clusterId":"birds"}\n'));
  const identity = await Identity.load(disk, unasked);
  assert.equal([identity.nodeId, identity.clusterId], ['old', 'birds']);
});

test.run();
