import { WindhoverError } from '../journal/base/errors.ts';
import type { Store } from '../journal/store/store.ts';
import type { Directory } from './directory/directory.ts';
import { type ClusterView, emptyView, parseListing, type VersionedRecord, withRecord } from './partition-map.ts';

export interface KnownViewOptions {
  readonly directory: Pick<Directory, 'list' | 'watch'>;
  readonly store: Pick<Store, 'mapRevision' | 'room' | 'sawMapRevision'>;
  readonly log: Record<'info' | 'warn' | 'error', (message: string, details?: object) => void>;
  /** The settings in the directory are others now, or there are none any more. Before `changed`. */
  readonly settingsChanged: (value: string | undefined) => void;
  /** There is a newer view. */
  readonly changed: (view: ClusterView) => void;
}

/**
 * What this node knows of the directory: the newest view of it. The journal remembers how new that is, so that a
 * directory which has lost what was in it is not believed.
 */
export class KnownView {
  readonly #options: KnownViewOptions;
  #view: ClusterView = emptyView;
  /** Version of the settings that were told; 0: none. */
  #settingsVersion = 0;
  #watch: { close(): void } | undefined;
  #wentBack = false;
  /** Said once an outage. */
  #isSilent = false;
  #closed = false;

  constructor(options: KnownViewOptions) {
    this.#options = options;
  }

  get view(): ClusterView {
    return this.#view;
  }

  /** The directory has lost what this node's journal has seen: nothing may be served on its word. */
  get wentBack(): boolean {
    return this.#wentBack;
  }

  /** Hears of each change from now on. */
  watch(): void {
    this.#watch = this.#options.directory.watch(
      '',
      (listing) => this.#seen(parseListing(listing)),
      (error) => this.failed(error),
    );
  }

  /** Looks at the directory at once; false when it did not answer. */
  async look(): Promise<boolean> {
    const { directory, store } = this.#options;
    const known = store.mapRevision;
    let seen: ClusterView;
    try {
      seen = parseListing(await directory.list(''));
    } catch (error) {
      this.failed(error);
      return false;
    }
    // Leases have no version: who is there is the watch's news, which may be later than this.
    const isLate = seen.revision >= known && seen.revision < this.#view.revision;
    if (!isLate) this.#seen({ ...seen, nodes: this.#view.nodes });
    return true;
  }

  /** A record that may be newer than what the watch has brought yet. */
  learn(changed: VersionedRecord): void {
    this.#view = withRecord(this.#view, changed);
  }

  /** A call of the directory was in vain; what it has not rejected with is thrown. */
  failed(error: unknown): void {
    if (!(error instanceof WindhoverError)) throw error;
    if (this.#isSilent) return;
    this.#isSilent = true;
    this.#options.log.warn('the directory does not answer', { reason: error.message });
  }

  close(): void {
    this.#closed = true;
    this.#watch?.close();
  }

  #seen(seen: ClusterView): void {
    const { store, log, changed } = this.#options;
    if (this.#closed) return;
    if (seen.revision < store.mapRevision) return this.#hasGoneBack(seen.revision);
    this.#wentBack = false;
    if (this.#isSilent) log.info('the directory answers again');
    this.#isSilent = false;
    if (seen.revision > store.mapRevision && store.room !== 'none') store.sawMapRevision(seen.revision);
    let view = seen;
    for (const known of this.#view.partitions.values()) view = withRecord(view, known);
    this.#view = view;
    this.#tellSettings(view);
    changed(view);
  }

  #hasGoneBack(revision: number): void {
    const { store, log } = this.#options;
    if (!this.#wentBack) {
      log.error('the directory has gone back in time: it must be restored before this node serves again', {
        revision,
        journaled: store.mapRevision,
      });
    }
    this.#wentBack = true;
  }

  #tellSettings({ settings }: ClusterView): void {
    const version = settings?.version ?? 0;
    if (version === this.#settingsVersion) return;
    this.#settingsVersion = version;
    this.#options.settingsChanged(settings?.value);
  }
}
