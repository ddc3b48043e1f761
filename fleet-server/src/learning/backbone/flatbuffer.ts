/** Reads FlatBuffers (https://flatbuffers.dev/internals/) field by field; a position of 0 means the field is absent. */
export class FlatBufferReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Position of the root table. */
  root(): number {
    return this.uint32(0);
  }

  uint32(position: number): number {
    return this.#view.getUint32(position, true);
  }

  int32Field(table: number, field: number, absent = 0): number {
    const at = this.#field(table, field);
    return at ? this.#view.getInt32(at, true) : absent;
  }

  int8Field(table: number, field: number, absent = 0): number {
    const at = this.#field(table, field);
    return at ? this.#view.getInt8(at) : absent;
  }

  tableField(table: number, field: number): number {
    const at = this.#field(table, field);
    return at ? this.#target(at) : 0;
  }

  tables(table: number, field: number): number[] {
    const { start, length } = this.#vector(table, field);
    return Array.from({ length }, (_, index) => this.#target(start + 4 * index));
  }

  int32s(table: number, field: number): number[] {
    const { start, length } = this.#vector(table, field);
    return Array.from({ length }, (_, index) => this.#view.getInt32(start + 4 * index, true));
  }

  bytes(table: number, field: number): Uint8Array {
    const { start, length } = this.#vector(table, field);
    return this.#bytes.subarray(start, start + length);
  }

  text(table: number, field: number): string {
    return new TextDecoder().decode(this.bytes(table, field));
  }

  #field(table: number, field: number): number {
    const vtable = table - this.#view.getInt32(table, true);
    const slot = 4 + 2 * field;
    if (slot >= this.#view.getUint16(vtable, true)) return 0;
    const offset = this.#view.getUint16(vtable + slot, true);
    return offset ? table + offset : 0;
  }

  #target(at: number): number {
    return at + this.uint32(at);
  }

  #vector(table: number, field: number): { start: number; length: number } {
    const at = this.#field(table, field);
    if (!at) return { start: 0, length: 0 };
    const vector = this.#target(at);
    return { start: vector + 4, length: this.uint32(vector) };
  }
}
