/** What is used here of the npm package thrift, which comes without types. */
declare module 'thrift' {
  interface Field {
    readonly ftype: number;
    readonly fid: number;
  }

  class TFramedTransport {
    constructor(received: Buffer | null, flushed?: (frame: Buffer) => void);
  }

  class TBinaryProtocol {
    constructor(transport: TFramedTransport);
    writeMessageBegin(name: string, type: number, sequence: number): void;
    writeMessageEnd(): void;
    writeStructBegin(name: string): void;
    writeStructEnd(): void;
    writeFieldBegin(name: string, type: number, id: number): void;
    writeFieldEnd(): void;
    writeFieldStop(): void;
    writeListBegin(type: number, size: number): void;
    writeListEnd(): void;
    writeSetBegin(type: number, size: number): void;
    writeSetEnd(): void;
    writeI32(value: number): void;
    writeI64(value: number): void;
    writeBinary(value: Buffer): void;
    flush(): void;
    readMessageBegin(): { readonly fname: string; readonly mtype: number; readonly rseqid: number };
    readMessageEnd(): void;
    readStructBegin(): void;
    readStructEnd(): void;
    readFieldBegin(): Field;
    readFieldEnd(): void;
    readListBegin(): { readonly etype: number; readonly size: number };
    readListEnd(): void;
    readI32(): number;
    readI64(): { toNumber(): number };
    readBinary(): Buffer;
  }

  const thrift: {
    readonly TFramedTransport: typeof TFramedTransport;
    readonly TBinaryProtocol: typeof TBinaryProtocol;
    readonly Thrift: {
      readonly Type: Readonly<Record<'STOP' | 'I32' | 'I64' | 'STRING' | 'STRUCT' | 'LIST' | 'SET', number>>;
      readonly MessageType: Readonly<Record<'CALL' | 'REPLY' | 'EXCEPTION', number>>;
    };
  };
  export = thrift;
}
