import { type Slab, Slabs } from '../store/slabs.ts';

/** What stands in memory that nobody may look at any more. */
export const poison = 0xdd;

/** Whoever looks at a slab after it has been given back sees that at once. */
export class PoisonedSlabs extends Slabs {
  /** How many have been given back. */
  givenBack = 0;

  override giveBack(slab: Slab): void {
    this.givenBack++;
    slab.memory.fill(poison);
    super.giveBack(slab);
  }
}
