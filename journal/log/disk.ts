/**
 * The disk as the journal sees it: one folder, names relative to it, `/` between parts. Every method that fails
 * throws or rejects with a WindhoverError (`io` or `no-space`) that names the file.
 */
export interface Disk {
  /** Creates the folder and its parents where missing; they are there after a power loss. */
  makeFolder(name: string): Promise<void>;
  /** Names of the files and folders in a folder, sorted; empty when the folder is missing. */
  list(folder: string): Promise<string[]>;
  /** `create` makes a new file (fails if it exists; its name survives a power loss once resolved); `write` and `read` want an existing one. */
  open(name: string, mode: 'create' | 'write' | 'read'): Promise<DiskFile>;
  /** The whole file, or undefined where there is none. */
  readWhole(name: string): Promise<Buffer | undefined>;
  /** Puts `content` in place of the file atomically and durably: after a crash it is the old file or the new one, whole. */
  replace(name: string, content: Uint8Array): Promise<void>;
  /** Atomic, replacing `to`; survives a power loss once resolved. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file; one that is missing is no error. Survives a power loss once resolved. */
  remove(name: string): Promise<void>;
  /** Removes a folder and all in it; one that is missing is no error. */
  removeFolder(name: string): Promise<void>;
}

/** An open file. Not to be used after `close`. */
export interface DiskFile {
  readonly name: string;
  sizeBytes(): Promise<number>;
  /** Fills `target` from `position`; gives the number of bytes read, short only at the end of the file. */
  read(target: Buffer, position: number): Promise<number>;
  /**
   * Writes the buffers one after another at `position`, synchronously (into the operating system's cache: measured,
   * that costs a quarter of the asynchronous form). May write fewer bytes than asked: gives how many.
   */
  write(buffers: readonly Buffer[], position: number): number;
  /** Everything written before the call is on stable storage when it resolves. After a rejection nothing may be assumed of any earlier write, and a second call proves nothing. */
  sync(): Promise<void>;
  /** Makes the file `bytes` long with room for all of it, zero where it was not written, and syncs it. */
  allocate(bytes: number): Promise<void>;
  close(): Promise<void>;
}
