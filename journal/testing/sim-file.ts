/** Pages are what the simulated kernel writes back; sectors are what the simulated drive writes whole. */
const pageBytes = 4096;
const sectorBytes = 512;

/** Bytes that grow; zero where nothing was written. */
class Content {
  bytes = Buffer.alloc(0);
  sizeBytes = 0;

  resize(sizeBytes: number): void {
    if (sizeBytes > this.bytes.length) {
      const grown = Buffer.alloc(Math.max(sizeBytes, 2 * this.bytes.length));
      this.bytes.copy(grown, 0, 0, this.sizeBytes);
      this.bytes = grown;
    }
    if (sizeBytes < this.sizeBytes) this.bytes.fill(0, sizeBytes, this.sizeBytes);
    this.sizeBytes = sizeBytes;
  }

  /** Becomes as another content is. */
  copy(from: Content): void {
    this.bytes = Buffer.from(from.bytes.subarray(0, from.sizeBytes));
    this.sizeBytes = from.sizeBytes;
  }

  /** Takes over [start, end) of another content, growing to `end` at least. */
  take(from: Content, start: number, end: number): void {
    if (end > this.sizeBytes) this.resize(end);
    from.bytes.copy(this.bytes, start, start, end);
  }
}

/**
 * A file of the simulated disk: what the kernel shows, what the drive holds, and which pages differ. Pages reach the
 * drive by `sync`, or before that in any order, which `losePower` decides.
 */
export class SimFile {
  readonly #cache = new Content();
  readonly #drive = new Content();
  /** Page number to the count of writes that it has seen, for those that the drive doesn't hold yet. */
  readonly #dirty = new Map<number, number>();

  get sizeBytes(): number {
    return this.#cache.sizeBytes;
  }

  /** Another file that is as this one. */
  copy(): SimFile {
    const file = new SimFile();
    file.#cache.copy(this.#cache);
    file.#drive.copy(this.#drive);
    for (const [page, writes] of this.#dirty) file.#dirty.set(page, writes);
    return file;
  }

  read(target: Buffer, position: number): number {
    const end = Math.min(this.#cache.sizeBytes, position + target.length);
    return end <= position ? 0 : this.#cache.bytes.copy(target, 0, position, end);
  }

  write(source: Buffer, position: number): void {
    const end = position + source.length;
    if (end > this.#cache.sizeBytes) this.#cache.resize(end);
    source.copy(this.#cache.bytes, position);
    for (let page = Math.floor(position / pageBytes); page * pageBytes < end; page++) {
      this.#dirty.set(page, (this.#dirty.get(page) ?? 0) + 1);
    }
  }

  /** Cuts or lengthens with zeros, in cache and on the drive. */
  resize(sizeBytes: number): void {
    this.#cache.resize(sizeBytes);
    this.#drive.resize(sizeBytes);
  }

  /** What a sync that begins now has to bring to the drive. */
  dirtyPages(): ReadonlyMap<number, number> {
    return new Map(this.#dirty);
  }

  /** The drive holds these pages now; one written to meanwhile stays dirty. */
  persist(pages: Iterable<[number, number]>): void {
    for (const [page, writes] of pages) {
      this.#persistRange(page * pageBytes, (page + 1) * pageBytes);
      if (this.#dirty.get(page) === writes) this.#dirty.delete(page);
    }
  }

  /** What Linux does after a failed write-back: the pages count as clean, and the drive doesn't hold them. */
  forget(pages: Iterable<[number, number]>): void {
    for (const [page] of pages) this.#dirty.delete(page);
  }

  /** The kernel writes back some of the dirty pages on its own. */
  writeBack(random: () => number, chance: number): void {
    for (const entry of [...this.#dirty]) if (random() < chance) this.persist([entry]);
  }

  /** Each page that was not synced is lost, kept, or torn between its old and new sectors; the cache is gone. */
  losePower(random: () => number): void {
    for (const page of this.#dirty.keys()) {
      const start = page * pageBytes;
      const fate = random();
      if (fate < 1 / 3) this.#persistRange(start, start + pageBytes);
      else if (fate < 2 / 3) this.#tear(start, random);
    }
    this.#dirty.clear();
    this.#cache.resize(0);
    this.#cache.take(this.#drive, 0, this.#drive.sizeBytes);
  }

  /** Damage: in cache and on the drive. */
  flipBit(offset: number, bit: number): void {
    for (const content of [this.#cache, this.#drive]) {
      if (offset < content.sizeBytes) content.bytes[offset] = (content.bytes[offset] ?? 0) ^ (1 << bit);
    }
  }

  #tear(start: number, random: () => number): void {
    for (let at = start; at < start + pageBytes; at += sectorBytes) {
      if (random() < 0.5) this.#persistRange(at, at + sectorBytes);
    }
  }

  #persistRange(start: number, end: number): void {
    const stop = Math.min(end, this.#cache.sizeBytes);
    if (stop > start) this.#drive.take(this.#cache, start, stop);
  }
}
