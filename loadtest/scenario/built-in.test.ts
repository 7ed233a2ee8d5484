import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { builtInFiles } from './built-in.ts';
import { ScenarioFile } from './scenario-file.ts';

const files = builtInFiles().map((file) => new ScenarioFile(file));

test('the scenarios that come with Windhover', () => {
  assert.equal(
    files.map((file) => file.name),
    [
      ...['backlog', 'connections', 'drain', 'failover', 'fairness', 'fanout', 'flood', 'leaky-reader', 'many-clients'],
      ...['mixed', 'packing', 'put-many', 'reliable', 'rolling-restart'],
    ],
  );
});

for (const file of files) {
  test(`${file.name}: its defaults make a scenario that verifies and drains`, () => {
    const scenario = file.resolve(new Map(), 1);
    assert.is(scenario.name, file.name);
    assert.equal([scenario.demands.lost, scenario.demands.unexpected], [0, 0]);
    assert.ok(scenario.drain !== undefined);
    assert.ok(scenario.description.length <= 100, 'one line of the list');
    assert.ok(scenario.phases.every((phase) => phase.durationMs !== undefined || phase.name === 'prefill'));
  });

  test(`${file.name}: every choice makes a scenario`, () => {
    for (const { name, choices = [] } of file.parameters) {
      for (const choice of choices) assert.ok(file.resolve(new Map([[name, choice]]), 1).phases.length > 0, choice);
    }
  });
}

test.run();
