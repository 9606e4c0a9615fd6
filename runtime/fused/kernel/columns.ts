/**
 * Where the columns of a chunk lie in memory, and what they mean. `kernel.ts` places them once; each has one entry a record.
 * A slot is a field of the value that the job reads, or a number that it computes: four columns of its own.
 */

/** Entries of each column; a power of two, so that slots lie at shifts. */
export const CHUNK: i32 = 4096

/** Offset minus the batch's base offset, i32. */
export let offsetDeltas: usize = 0
/** Milliseconds since the epoch, f64. */
export let timestamps: usize = 0
/** Position of the key's length: from here to the record's end nothing depends on the batch, i32. */
export let bodies: usize = 0
/** Positions and lengths in bytes, i32; length -1 for null. */
export let keyStarts: usize = 0
export let keyLengths: usize = 0
export let valueStarts: usize = 0
export let valueLengths: usize = 0
/** Position of the header count, i32. */
export let headers: usize = 0
/** Position after the record, i32. */
export let recordEnds: usize = 0
/** 1 where the scan cannot vouch for a value: the interpreter takes that record, u8. */
export let doubts: usize = 0

/** Slot s of record i lies at `s * CHUNK + i`. `kind.*`, u8. */
export let kinds: usize = 0
/** The bytes of a slot: of a string what is between its quotes, otherwise its JSON text, i32. */
export let starts: usize = 0
export let ends: usize = 0
/** The value of a number, f64. */
export let numbers: usize = 0

/**
 * The record that something selected is of: itself, or the one that `origins` (not 0) has for what windows have emitted, whose slots are
 * then its own. All its bits are turned round for a session that is gone, which has no value.
 */
export function originOf(origins: usize, selected: i32): i32 {
  if (origins == 0) return selected
  const origin = load<i32>(origins + (selected << 2))
  return origin < 0 ? ~origin : origin
}

/** Of something that was emitted. */
export function isGone(origins: usize, emitted: i32): bool {
  return load<i32>(origins + (emitted << 2)) < 0
}

/** What a slot holds. The order matters: generated code tests for ranges. */
export namespace kind {
  export const ABSENT: u8 = 0
  export const NULL: u8 = 1
  export const FALSE: u8 = 2
  export const TRUE: u8 = 3
  /** Exact as a double, and its text is what JavaScript would write. */
  export const NUMBER: u8 = 4
  /** Exact as a double, but its text is still to be made: computed, or written like `1.50`. */
  export const UNWRITTEN: u8 = 5
  /** Without escapes: its bytes are its text. */
  export const STRING: u8 = 6
  export const ESCAPED: u8 = 7
  /** More than 15 digits or an exponent. */
  export const LONG_NUMBER: u8 = 8
  export const OBJECT: u8 = 9
  export const ARRAY: u8 = 10
}
