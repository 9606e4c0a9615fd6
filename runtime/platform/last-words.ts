const MAX_CHARS = 1000
const REASON = /^([A-Z][A-Za-z]{1,63}): /

/** What a program that ends with an error leaves behind for the operator: `<Reason>: <message>`. */
export const lastWords = ({ name, message }: Error): string =>
  (name === 'Error' ? message : `${name}: ${message}`).slice(0, MAX_CHARS)

/** Of a program of ours, or of any other. */
export function understood(words: string): { readonly reason?: string; readonly message: string } {
  const [prefix = '', reason] = REASON.exec(words) ?? []
  return reason === undefined ? { message: words } : { reason, message: words.slice(prefix.length) }
}
