import type { Compiler, Expr } from './compile.ts'
import type { Evaluate, Frame } from './environment.ts'
import { EvaluationFault } from './expression-error.ts'
import { isMap, typeName } from './values.ts'

type Comprehension = Extract<Expr['exprKind'], { case: 'comprehensionExpr' }>['value']

/** The loop that the macros `all`, `exists`, `exists_one`, `map` and `filter` are made of. */
export function comprehension<S>(compiler: Compiler<S>, node: Comprehension): Evaluate<S> {
  const range = compiler.compile(node.iterRange as Expr)
  const init = compiler.compile(node.accuInit as Expr)
  return compiler.withLocal(node.iterVar, (itemSlot) =>
    compiler.withLocal(node.accuVar, (resultSlot) => {
      const goOn = compiler.compile(node.loopCondition as Expr)
      const step = compiler.compile(node.loopStep as Expr)
      const result = compiler.compile(node.result as Expr)
      return (frame) => {
        const items = itemsOf(range(frame))
        frame.locals[resultSlot] = init(frame)
        for (const item of items) {
          spend(frame)
          frame.locals[itemSlot] = item
          if (goOn(frame) !== true) break
          frame.locals[resultSlot] = step(frame)
        }
        return result(frame)
      }
    }),
  )
}

function itemsOf(range: unknown): readonly unknown[] {
  if (Array.isArray(range)) return range
  if (isMap(range)) return Object.keys(range)
  throw new EvaluationFault(`this macro needs a list or a map, not ${typeName(range)}`)
}

/** Nested macros multiply; the budget is for the whole expression. */
function spend(frame: Frame<unknown>): void {
  if (--frame.steps < 0)
    throw new EvaluationFault('too many steps: the lists are too long for these macros')
}
