import thrift from 'thrift';

const { TBinaryProtocol, TFramedTransport, Thrift } = thrift;
const { Type, MessageType } = Thrift;

type Protocol = InstanceType<typeof TBinaryProtocol>;

/** What a call of the service Kestrel is given. Texts are latin1; `numbers` are 32-bit arguments by their field. */
export interface CallArguments {
  readonly queue?: string;
  readonly items?: readonly string[];
  readonly ids?: readonly number[];
  readonly numbers?: Readonly<Record<number, number>>;
}

/** A call, in a frame, as npm's thrift sends it. */
export function thriftCall(method: string, given: CallArguments = {}, sequence = 0): Buffer {
  let frame: Buffer = Buffer.alloc(0);
  const protocol = new TBinaryProtocol(
    new TFramedTransport(null, (bytes) => {
      frame = bytes;
    }),
  );
  protocol.writeMessageBegin(method, MessageType.CALL, sequence);
  protocol.writeStructBegin('arguments');
  writeArguments(protocol, given);
  protocol.writeFieldStop();
  protocol.writeStructEnd();
  protocol.writeMessageEnd();
  protocol.flush();
  return frame;
}

function writeArguments(protocol: Protocol, { queue, items, ids, numbers = {} }: CallArguments): void {
  if (queue !== undefined) writeField(protocol, Type.STRING, 1, () => protocol.writeBinary(bytes(queue)));
  if (items !== undefined) {
    writeField(protocol, Type.LIST, 2, () => {
      protocol.writeListBegin(Type.STRING, items.length);
      for (const item of items) protocol.writeBinary(bytes(item));
      protocol.writeListEnd();
    });
  }
  if (ids !== undefined) {
    writeField(protocol, Type.SET, 2, () => {
      protocol.writeSetBegin(Type.I64, ids.length);
      for (const id of ids) protocol.writeI64(id);
      protocol.writeSetEnd();
    });
  }
  for (const [id, value] of Object.entries(numbers)) {
    writeField(protocol, Type.I32, Number(id), () => protocol.writeI32(value));
  }
}

function writeField(protocol: Protocol, type: number, id: number, write: () => void): void {
  protocol.writeFieldBegin('', type, id);
  write();
  protocol.writeFieldEnd();
}

function bytes(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

/** A struct's fields by their numbers; binaries are latin1 text. */
export type ThriftValue = number | string | readonly ThriftValue[] | { readonly [field: number]: ThriftValue };

export interface ThriftReply {
  readonly method: string;
  readonly kind: 'reply' | 'exception';
  readonly sequence: number;
  /** Field 0 of a reply; the exception's struct. Undefined where nothing is returned. */
  readonly value: ThriftValue | undefined;
}

/** The replies in these bytes (latin1), which must be whole, as npm's thrift reads them. */
export function thriftReplies(text: string): ThriftReply[] {
  const all = bytes(text);
  const replies: ThriftReply[] = [];
  for (let at = 0; at < all.length; ) {
    const end = at + 4 + all.readUInt32BE(at);
    if (end > all.length) throw new Error(`a reply is cut short at ${at}`);
    replies.push(readReply(all.subarray(at + 4, end)));
    at = end;
  }
  return replies;
}

function readReply(payload: Buffer): ThriftReply {
  const protocol = new TBinaryProtocol(new TFramedTransport(payload));
  const { fname, mtype, rseqid } = protocol.readMessageBegin();
  const fields = readValue(protocol, Type.STRUCT) as Record<number, ThriftValue>;
  protocol.readMessageEnd();
  const isReply = mtype === MessageType.REPLY;
  const value = isReply ? fields[0] : fields;
  return { method: fname, kind: isReply ? 'reply' : 'exception', sequence: rseqid, value };
}

function readValue(protocol: Protocol, type: number): ThriftValue {
  switch (type) {
    case Type.I32:
      return protocol.readI32();
    case Type.I64:
      return protocol.readI64().toNumber();
    case Type.STRING:
      return protocol.readBinary().toString('latin1');
    case Type.LIST: {
      const { etype, size } = protocol.readListBegin();
      const values = Array.from({ length: size }, () => readValue(protocol, etype));
      protocol.readListEnd();
      return values;
    }
    case Type.STRUCT:
      return readStruct(protocol);
    default:
      throw new Error(`a value of type ${type}`);
  }
}

function readStruct(protocol: Protocol): Record<number, ThriftValue> {
  const fields: Record<number, ThriftValue> = {};
  protocol.readStructBegin();
  for (let field = protocol.readFieldBegin(); field.ftype !== Type.STOP; field = protocol.readFieldBegin()) {
    fields[field.fid] = readValue(protocol, field.ftype);
    protocol.readFieldEnd();
  }
  protocol.readStructEnd();
  return fields;
}
