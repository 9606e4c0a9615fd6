/** True of a function that is written as async: it answers with a promise, whatever it returns. */
export const isAsyncFunction = (candidate: unknown): boolean =>
  Object.prototype.toString.call(candidate) === '[object AsyncFunction]'
