const lineFeed = 10;

/** No answer is longer. */
export const maxValueBytes = 1 << 28;

/** Where the line that begins at `start` of `buffer[0..end)` has its line feed, or -1. */
export function lineEnd(buffer: Buffer, start: number, end: number): number {
  const feed = buffer.indexOf(lineFeed, start);
  return feed < end ? feed : -1;
}
