import { seededRandom } from '../random.ts';
import type { Sizes } from '../scenario/scenario.ts';

/** Gives the size of one item after the other, the same ones for the same seed. */
export function sizeSource(sizes: Sizes, seed: number): () => number {
  const random = seededRandom(seed);
  switch (sizes.kind) {
    case 'fixed': {
      const { bytes } = sizes;
      return () => bytes;
    }
    case 'uniform': {
      const { minBytes, maxBytes } = sizes;
      return () => minBytes + Math.floor(random() * (maxBytes - minBytes + 1));
    }
    case 'weighted': {
      const { choices } = sizes;
      let total = 0;
      const upTo = choices.map(({ weight }) => {
        total += weight;
        return total;
      });
      return () => {
        const drawn = random() * total;
        const chosen = upTo.findIndex((bound) => drawn < bound);
        return (choices[chosen] ?? choices[0])?.bytes ?? 0;
      };
    }
  }
}
