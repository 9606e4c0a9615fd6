/** Zig-zag varints as Kafka writes them. Reading moves a shared cursor, so that no pair is allocated per field. */
export class ByteReader {
  readonly bytes: Buffer
  position: number

  constructor(bytes: Buffer, position = 0) {
    this.bytes = bytes
    this.position = position
  }

  /** 32-bit varint. Throws a RangeError past the end or on more than five bytes. */
  varint(): number {
    let result = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#byte()
      result |= (byte & 0x7f) << shift
      if (byte < 0x80) return (result >>> 1) ^ -(result & 1)
    }
    throw new RangeError('has a varint longer than 5 bytes')
  }

  /** 64-bit varint as a double. Throws a RangeError past 2^52, up to which it is exact: 140 000 years in ms. */
  varlong(): number {
    let result = 0
    let scale = 1
    for (let count = 0; count < 10; count++) {
      const byte = this.#byte()
      result += (byte & 0x7f) * scale
      scale *= 128
      if (result > Number.MAX_SAFE_INTEGER) throw new RangeError('has a varlong past 2^52')
      if (byte < 0x80) return result % 2 === 0 ? result / 2 : -(result + 1) / 2
    }
    throw new RangeError('has a varlong longer than 10 bytes')
  }

  /** Moves past a length and as many bytes; returns the length, -1 for null. */
  part(): number {
    const length = this.varint()
    if (length < -1) throw new RangeError(`has a part of length ${length}`)
    if (length > 0) this.skip(length)
    return length
  }

  skip(length: number): void {
    this.position += length
    if (length < 0 || this.position > this.bytes.length)
      throw new RangeError('has a length past the end')
  }

  #byte(): number {
    const byte = this.bytes[this.position]
    if (byte === undefined) throw new RangeError('has a varint past the end')
    this.position++
    return byte
  }
}

/** Bytes that `writeVarint` takes for the value; any integer that a double holds exactly. */
export function varintSize(value: number): number {
  let rest = zigZag(value)
  let size = 1
  for (; rest >= 128; rest = Math.floor(rest / 128)) size++
  return size
}

/** Writes at `position` and returns the position after it. */
export function writeVarint(bytes: Buffer, position: number, value: number): number {
  let rest = zigZag(value)
  while (rest >= 128) {
    bytes[position++] = (rest % 128) + 128
    rest = Math.floor(rest / 128)
  }
  bytes[position++] = rest
  return position
}

const zigZag = (value: number): number => (value >= 0 ? value * 2 : -value * 2 - 1)
