/** An async function answers with a promise, which would be written as `{}` or taken for true. Throws then. */
export function refuseAsync(step: string, functions: readonly unknown[]): void {
  const isAsync = functions.some(
    (candidate) => Object.prototype.toString.call(candidate) === '[object AsyncFunction]',
  )
  if (isAsync) throw new Error(`the function of step "${step}" is async: a step answers at once`)
}
