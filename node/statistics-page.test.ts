import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { statisticsPage } from './statistics-page.ts';

test('numbers are samples, texts are left out, and what a name holds can end neither its label nor its line', () => {
  const page = statisticsPage([
    ['queues', 2],
    ['version', '1.0'],
    ['queue_a"}\\\n#é_age', 0.5],
    ['negative', -1],
  ]);
  assert.equal(page.split('\n').slice(2), [
    'windhover_statistic{name="queues"} 2',
    'windhover_statistic{name="queue_a\\"}\\\\\\n#é_age"} 0.5',
    'windhover_statistic{name="negative"} -1',
    '',
  ]);
  assert.match(page, /^# HELP windhover_statistic .*\n# TYPE windhover_statistic gauge\n/);
});

test.run();
