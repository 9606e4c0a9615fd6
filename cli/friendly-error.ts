/** An error whose message says all there is to say: shown without a stack. */
export class FriendlyError extends Error {
  override readonly name = 'FriendlyError'
}
