import type { AppendedWindowStore } from '../state/appended-window-store.ts'
import { type ByteKeyValueStore, UNFIT } from '../state/byte-key-value-store.ts'
import type { ColumnSessionStore } from '../state/column-session-store.ts'
import type { ColumnStore } from '../state/column-store.ts'
import type { ColumnWindowStore } from '../state/column-window-store.ts'
import { hashOf } from '../state/key-index.ts'
import { DOUBT } from './code.ts'
import { Identity } from './identity.ts'
import type { Kernel } from './kernel.ts'
import { MET_BYTES } from './met-texts.ts'
import type { ProgramCode } from './program-code.ts'
import { placeProjection } from './projections.ts'
import { contains, endsWith, equalText, equalTexts, isText, startsWith } from './texts.ts'

/** The latest time that an operator has seen; it has not seen a record that fails. */
export interface OperatorTime {
  /** Never goes back; returns where it stands. */
  advanceTo(time: number): number
  accept(): void
  rollback(): void
}

/** What the code of a program reads and changes. */
export interface State {
  readonly stores: readonly ColumnStore[]
  readonly windows: readonly ColumnWindowStore[]
  readonly sessions: readonly ColumnSessionStore[]
  /** Of the operators that the windows are of, then of those that the sessions are of. */
  readonly times: readonly OperatorTime[]
  readonly tables: readonly ByteKeyValueStore[]
  readonly logs: readonly AppendedWindowStore[]
}

/** Who takes over from the code. `emitted`: how much windows have emitted since it last did. */
export interface Breaks {
  /** Record `i` is for the interpreter. */
  readonly doubt: (i: number, emitted: number) => void
  /** There is no more room for what windows emit, before record `i`. */
  readonly full: (i: number, emitted: number) => void
}

/** The generated code of a program. */
export interface Loops {
  /** Takes records. Returns how much windows have emitted since it last had a break. */
  readonly take: (
    kernel: Kernel,
    chunk: {
      readonly from: number
      readonly to: number
      readonly baseOffset: number
      readonly partition: number
    },
    state: State,
    breaks: Breaks,
  ) => number
  /** By the place of the release: sends rows on that lie where the kernel has records. */
  readonly release: readonly ((kernel: Kernel, store: ColumnStore, rows: Int32Array) => void)[]
}

/** What the code of a program is given. */
interface Surroundings {
  /** The kernel's number of a slot. */
  readonly place: (slot: number) => number
  /** Address of the records that the emitted is of. */
  readonly origins: number
  /** By exit: the address of what is selected, and how much that is. */
  readonly selections: readonly number[]
  readonly selected: Int32Array
  /** By node: records that have passed. */
  readonly counts: Int32Array
}

export function loopsOf(code: ProgramCode, kernel: Kernel, around: Surroundings): Loops {
  const source = [
    ...constants(code, kernel, around),
    ...code.windows.constants(),
    ...code.deduplications.constants(),
    ...takeLoop(code),
    ...releaseLoops(code),
    'return { take, release }',
  ].join('\n')
  const { projectValue } = kernel.call
  const { selected, counts } = around
  const given = { selected, counts, texts: code.writer.texts, names: code.writer.names }
  const textual = { contains, endsWith, equalText, equalTexts, isText, startsWith }
  const stored = { copied, hashOf, UNFIT, Identity }
  const names = { ...given, ...textual, ...stored, projectValue }
  // The text is made of our own words, numbers and JSON literals; names and strings of the job come in as data.
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- fusing a job into one function is the point
  const make = new Function(...Object.keys(names), source) as (...args: unknown[]) => Loops
  return make(...Object.values(names))
}

function constants(
  { writer, met }: ProgramCode,
  kernel: Kernel,
  { place, selections, origins }: Surroundings,
): readonly string[] {
  const { at } = kernel
  const words = ['true', 'false', 'null'].map((word) => kernel.place(Buffer.from(word)))
  const [TRUE, FALSE, NULL] = words
  const MET = met.isUsed ? kernel.allocate(MET_BYTES) : 0
  return [
    `const KEY_STARTS = ${at.keyStarts / 4}, KEY_LENGTHS = ${at.keyLengths / 4}, TIMESTAMPS = ${at.timestamps / 8}`,
    `const OFFSET_DELTAS = ${at.offsetDeltas / 4}, DOUBTS = ${at.doubts}`,
    `const HEADERS = ${at.headers / 4}, RECORD_ENDS = ${at.recordEnds / 4}`,
    `const TRUE = ${TRUE}, FALSE = ${FALSE}, NULL = ${NULL}, MET = ${MET}`,
    `const CHUNK = ${kernel.chunk}, ORIGINS = ${origins / 4}`,
    ...selections.map((selection, index) => `const SELECTION${index} = ${selection / 4}`),
    ...writer.projections.map(
      (fields, index) => `const PROJECTION${index} = ${placeProjection(kernel, fields)}`,
    ),
    ...writer.addresses(kernel, place),
  ]
}

const takeLoop = (code: ProgramCode): readonly string[] => [
  'const take = (kernel, { from, to, baseOffset, partition }, { stores, windows, sessions, times, tables, logs }, { doubt, full }) => {',
  'let { bytes, int32, float64 } = kernel',
  'let emitted = 0',
  ...code.aggregates.declare(),
  ...code.windows.declare(),
  ...code.sessions.declare(code.windows.names.length),
  ...code.tables.declare(),
  ...code.logs.declare(),
  ...code.met.declare(),
  'for (let i = from; i < to; i++) {',
  ...code.aggregates.declareChanged(),
  ...code.met.declareChanged(),
  ...placeForEmitted(code),
  ...code.windows.declareChanged(),
  ...code.sessions.declareChanged(),
  ...code.joins.declareChanged(),
  ...code.deduplications.declareChanged(),
  'clear: {',
  ...(code.readsValue ? [`if (bytes[DOUBTS + i] !== 0) ${DOUBT}`] : []),
  ...(goesByTime(code) ? [`if (!(float64[TIMESTAMPS + i] >= 0)) ${DOUBT}`] : []),
  ...passedNone(code),
  ...code.writer.lines,
  ...code.windows.settle(),
  ...code.sessions.settle(),
  ...code.joins.settle(),
  ...code.deduplications.settle(),
  ...counting(code),
  'continue',
  '}',
  ...undoing(code),
  '}',
  'return emitted',
  '}',
]

/** What becomes of a record in doubt. */
const undoing = (code: ProgramCode): readonly string[] => [
  ...code.aggregates.undo(),
  ...code.windows.undo(),
  ...code.sessions.undo(),
  ...(emittedBy(code) === 0 ? [] : ['emitted = emittedBefore']),
  'doubt(i, emitted)',
  'emitted = 0',
  // The memory may have grown meanwhile, which detaches its views.
  ';({ bytes, int32, float64 } = kernel)',
  ...code.aggregates.refresh(),
  ...code.met.refresh(),
]

/** How much a record may emit. */
const emittedBy = ({ windows, sessions, joins }: ProgramCode): number =>
  windows.emitted + sessions.emitted + joins.emitted

/** What the next record emits is to have its place. */
function placeForEmitted(code: ProgramCode): readonly string[] {
  if (emittedBy(code) === 0) return []
  return [
    `if (emitted > CHUNK - ${emittedBy(code)}) {`,
    'full(i, emitted)',
    'emitted = 0',
    ';({ bytes, int32, float64 } = kernel)',
    '}',
    'const emittedBefore = emitted',
  ]
}

/** Whether what the program does depends on the time of records: one without is a bad one. */
export const goesByTime = ({ windows, sessions, tables, logs }: ProgramCode): boolean =>
  [windows, sessions, tables, logs].some(({ names }) => names.length > 0)

const releaseLoops = (code: ProgramCode): readonly string[] => [
  'const release = [',
  ...code.releases.flatMap(({ store, lines }) => [
    '({ bytes, int32, float64 }, store, rows) => {',
    ...code.aggregates.declareOne(store),
    'for (let i = 0; i < rows.length; i++) {',
    'const row = rows[i]',
    ...passedNone(code),
    ...lines,
    ...counting(code),
    '}',
    '},',
  ]),
  ']',
]

const passedNone = ({ emittedNodes }: ProgramCode): readonly string[] => [
  `let ${['passed', ...Array.from(emittedNodes, (bit) => `passed${bit}`)].map((name) => `${name} = 0`).join(', ')}`,
]

const counting = ({ nodes, emittedNodes }: ProgramCode): readonly string[] =>
  nodes.map((_, bit) =>
    emittedNodes.has(bit)
      ? `counts[${bit}] += passed${bit}`
      : `counts[${bit}] += (passed >>> ${bit}) & 1`,
  )

/** Bytes that are to stay when the memory of the kernel has the next batch. */
const copied = (bytes: Uint8Array, from: number, to: number): Buffer =>
  Buffer.from(bytes.subarray(from, to))
