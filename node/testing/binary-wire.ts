/** Texts are latin1. */
export interface RequestFields {
  readonly opcode: number;
  readonly key?: string;
  readonly extras?: string;
  readonly value?: string;
  readonly opaque?: number;
  readonly cas?: number;
}

/** A request of memcache's binary protocol. */
export function binaryRequest(fields: RequestFields): Buffer {
  const { opcode, key = '', extras = '', value = '', opaque = 0, cas = 0 } = fields;
  const header = Buffer.alloc(24);
  header[0] = 0x80;
  header[1] = opcode;
  header.writeUInt16BE(key.length, 2);
  header[4] = extras.length;
  header.writeUInt32BE(extras.length + key.length + value.length, 8);
  header.writeUInt32BE(opaque, 12);
  header.writeUInt32BE(cas, 20);
  return Buffer.concat([header, Buffer.from(extras + key + value, 'latin1')]);
}

export interface Response {
  readonly opcode: number;
  readonly status: number;
  readonly opaque: number;
  readonly id: number;
  readonly extras: string;
  readonly key: string;
  readonly value: string;
}

/** The responses in these bytes (latin1), which must be whole. */
export function binaryResponses(text: string): Response[] {
  const bytes = Buffer.from(text, 'latin1');
  const responses: Response[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (bytes[at] !== 0x81) throw new Error(`not a response at ${at}: ${text}`);
    const keyAt = at + 24 + (bytes[at + 4] as number);
    const valueAt = keyAt + bytes.readUInt16BE(at + 2);
    const end = at + 24 + bytes.readUInt32BE(at + 8);
    if (valueAt > end || end > bytes.length) throw new Error(`a response is cut short at ${at}: ${text}`);
    responses.push({
      opcode: bytes[at + 1] as number,
      status: bytes.readUInt16BE(at + 6),
      opaque: bytes.readUInt32BE(at + 12),
      id: Number(bytes.readBigUInt64BE(at + 16)),
      extras: bytes.toString('latin1', at + 24, keyAt),
      key: bytes.toString('latin1', keyAt, valueAt),
      value: bytes.toString('latin1', valueAt, end),
    });
    at = end;
  }
  return responses;
}
