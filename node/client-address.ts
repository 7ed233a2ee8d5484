import { BlockList, isIP } from 'node:net';
import type { ClientList } from './queues/queue-settings.ts';

const maxBits = { 4: 32, 6: 128 } as const;

/** Whether a text is an IP address, or a network such as `10.0.0.0/8`. */
export function isAddressOrNetwork(text: string): boolean {
  return partsOf(text) !== undefined;
}

function partsOf(text: string): { address: string; bits: number; family: 'ipv4' | 'ipv6' } | undefined {
  const [address = '', bits, ...more] = text.split('/');
  const version = isIP(address);
  if ((version !== 4 && version !== 6) || more.length > 0 || address.includes('%')) return undefined;
  const most = maxBits[version];
  if (bits !== undefined && !(/^\d{1,3}$/.test(bits) && Number(bits) <= most)) return undefined;
  return { address, bits: bits === undefined ? most : Number(bits), family: version === 4 ? 'ipv4' : 'ipv6' };
}

/** Lists are made once for each configuration, and asked with every command. */
const compiled = new WeakMap<object, BlockList>();

function compile(list: readonly string[]): BlockList {
  const made = new BlockList();
  for (const text of list) {
    const parts = partsOf(text);
    if (parts !== undefined) made.addSubnet(parts.address, parts.bits, parts.family);
  }
  compiled.set(list, made);
  return made;
}

/** Where a client's connection comes from. */
export class ClientAddress {
  readonly #address: string;
  readonly #family: 'ipv4' | 'ipv6' | undefined;
  #asked: readonly string[] | undefined;
  #answer = false;

  /** As a socket tells it; undefined when the connection has ended already: then it is on no list. */
  constructor(address = '') {
    const [withoutZone = ''] = address.split('%');
    const parts = partsOf(withoutZone);
    this.#address = withoutZone;
    this.#family = parts?.family;
  }

  /** Whether a list has it. An IPv4 address may come as one of IPv6 (`::ffff:10.0.0.1`). */
  isOn(list: ClientList): boolean {
    if (list === 'everyone') return true;
    if (this.#family === undefined) return false;
    if (this.#asked === list) return this.#answer;
    this.#asked = list;
    this.#answer = (compiled.get(list) ?? compile(list)).check(this.#address, this.#family);
    return this.#answer;
  }
}
