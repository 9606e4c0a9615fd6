import type { Case, Op } from './case.ts'
import { resultsOf, shapesOf, takenBy } from './features.ts'

/** Leaves out inputs and operations for as long as the case still differs: far fewer runs than to shrink how it was drawn. */
export async function smallest(
  one: Case,
  differs: (candidate: Case) => Promise<boolean>,
): Promise<Case> {
  let found = one
  const attempt = async (candidate: Case | undefined) => {
    if (candidate === undefined || candidate.inputs.length === 0) return false
    if (!(await differs(candidate))) return false
    found = candidate
    return true
  }
  const thinOutInputs = () => thinOut(found.inputs, (inputs) => attempt({ ...found, inputs }))
  await thinOutInputs()
  for (const { name } of one.ops.toReversed()) {
    const op = found.ops.find((candidate) => candidate.name === name)
    if (op === undefined) continue
    if (!(await attempt(without(op, found)))) await attempt(passing(op, found))
  }
  await thinOutInputs()
  return found
}

/** Tries without halves, then without smaller and smaller parts, each from the end. */
async function thinOut<T>(
  items: readonly T[],
  differsWith: (rest: readonly T[]) => Promise<boolean>,
): Promise<void> {
  let left = items
  for (let size = Math.floor(left.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let start = left.length - size; start >= 0; start -= size) {
      const rest = left.toSpliced(start, size)
      if (await differsWith(rest)) left = rest
    }
  }
}

/** Without an operation, all that comes of it, and all that comes to nothing without it. */
function without(left: Op, { ops, ...one }: Case): Case {
  const given = new Set<string>()
  const rest = ops.filter((op) => {
    const stays = op !== left && takenBy(op).every((name) => given.has(name))
    if (stays) for (const name of resultsOf(op)) given.add(name)
    return stays
  })
  return { ...one, ...usedOf(rest, one.inputs) }
}

/** What took from the operation takes from what the operation took from, if that is of the same shape. */
function passing(left: Op, one: Case): Case | undefined {
  const shapes = shapesOf(one.ops)
  if (left.op === 'to' || !('from' in left)) return undefined
  if (shapes.get(left.from) !== shapes.get(left.name)) return undefined
  const past = (name: string) => (name === left.name ? left.from : name)
  const ops = one.ops
    .filter((op) => op !== left)
    .map((op) => ({
      ...op,
      ...('from' in op ? { from: past(op.from) } : {}),
      ...('other' in op ? { other: past(op.other) } : {}),
    }))
  return { ...one, ...usedOf(ops, one.inputs) }
}

/** The operations that lead to a topic, and the inputs that they read. */
function usedOf(ops: readonly Op[], inputs: Case['inputs']): Pick<Case, 'ops' | 'inputs'> {
  const taken = new Set(ops.flatMap(takenBy))
  const used = ops.filter((op) => op.op === 'to' || resultsOf(op).some((name) => taken.has(name)))
  if (used.length < ops.length) return usedOf(used, inputs)
  const topics = used.flatMap((op) => ('topic' in op && op.op !== 'to' ? [op.topic] : []))
  return { ops, inputs: inputs.filter(({ topic }) => topics.includes(topic)) }
}
