/**
 * The name of a queue, which is bytes (latin1), as people write it: they are UTF-8 mostly, and then that is what is given,
 * else the bytes as they are. A name in pure ASCII is itself.
 */
export function nameText(name: string): string {
  const bytes = Buffer.from(name, 'latin1');
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? text : name;
}
