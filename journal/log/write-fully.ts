import { WindhoverError } from '../base/errors.ts';
import type { DiskFile } from './disk.ts';

/** Writes all of the buffers at `position`, going on after short writes. @throws WindhoverError */
export function writeFully(file: DiskFile, buffers: readonly Buffer[], position: number): void {
  let rest = buffers;
  let at = position;
  while (rest.length > 0) {
    const written = file.write(rest, at);
    if (written === 0 && rest.some((buffer) => buffer.length > 0)) {
      throw new WindhoverError('io', `${file.name}, offset ${at}: a write made no progress.`);
    }
    rest = dropBytes(rest, written);
    at += written;
  }
}

/** The buffers without their first `bytes` bytes. */
function dropBytes(buffers: readonly Buffer[], bytes: number): readonly Buffer[] {
  let left = bytes;
  for (const [index, buffer] of buffers.entries()) {
    if (left < buffer.length) return [buffer.subarray(left), ...buffers.slice(index + 1)];
    left -= buffer.length;
  }
  return [];
}
