import { ByteReader, varintSize, writeVarint } from './varint.ts'

export type Header = readonly [key: string, value: Buffer | null]

/** A length, -1 for null, and as many bytes. */
export const sizeOfPart = (part: Buffer | null): number =>
  part === null ? 1 : varintSize(part.length) + part.length

export function writePart(bytes: Buffer, end: number, part: Buffer | null): number {
  if (part === null) return writeVarint(bytes, end, -1)
  const start = writeVarint(bytes, end, part.length)
  return start + part.copy(bytes, start)
}

export function sizeOfHeaders(headers: readonly Header[]): number {
  let size = varintSize(headers.length)
  for (const [key, value] of headers) {
    const keyBytes = Buffer.byteLength(key)
    size += varintSize(keyBytes) + keyBytes + sizeOfPart(value)
  }
  return size
}

/** Returns the position after them. */
export function writeHeaders(bytes: Buffer, end: number, headers: readonly Header[]): number {
  end = writeVarint(bytes, end, headers.length)
  for (const [key, value] of headers) {
    end = writeVarint(bytes, end, Buffer.byteLength(key))
    end += bytes.write(key, end)
    end = writePart(bytes, end, value)
  }
  return end
}

/** As they lie in a record, their count first. */
export function encodedHeaders(headers: readonly Header[]): Buffer {
  const bytes = Buffer.alloc(sizeOfHeaders(headers))
  writeHeaders(bytes, 0, headers)
  return bytes
}

const NONE: readonly Header[] = []

/** What was encoded; values are views. */
export function headersIn(bytes: Buffer, start = 0): readonly Header[] {
  if (bytes[start] === 0) return NONE
  const reader = new ByteReader(bytes, start)
  const next = () => {
    const length = reader.part()
    return length < 0 ? null : bytes.subarray(reader.position - length, reader.position)
  }
  return Array.from({ length: reader.varint() }, () => [next()?.toString('utf8') ?? '', next()])
}
