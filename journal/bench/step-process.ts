/**
 * One step, in a process of its own, which is set up as a node is: told what by a message, answers with its figures, and
 * waits to be killed.
 */
import { assert } from '../base/assert.ts';
import { setV8Up } from '../base/v8-settings.ts';
import { runStep, type Step } from './steps.ts';

setV8Up();
// A listener that stays keeps the process alive, which the store's timers don't.
process.on('message', (step: Step) => {
  runStep(step).then(
    (figures) => process.send?.(figures),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
assert(process.send !== undefined, 'this is started by journal/bench/main.ts');
