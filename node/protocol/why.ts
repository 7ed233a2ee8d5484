import type { ItemOrigin } from '../../cluster/partition-log.ts';
import type { Answer } from './answer.ts';
import type { Key } from './key.ts';

/** The answer to a read by `key`: of the option `why`, the item's data come after a line about where it comes from. */
export function answerTo({ why }: Pick<Key, 'why'>, answer: Answer): Answer {
  if (!why) return answer;
  return {
    say: (result, out) =>
      answer.say(result.kind === 'item' ? { ...result, data: withOrigin(result.origin, result.data) } : result, out),
  };
}

/** An empty line when no queue has moved the item here. */
function withOrigin(origin: ItemOrigin | undefined, data: Buffer): Buffer {
  const text = origin === undefined ? '' : `why=${origin.reason} deliveries=${origin.deliveries} from=${origin.queue}`;
  return Buffer.concat([Buffer.from(`${text}\n`, 'latin1'), data]);
}
