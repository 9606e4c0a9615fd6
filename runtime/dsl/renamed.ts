/** The fields of `V`, those that `R` names under their new names. */
export type Renamed<V, R> = {
  readonly [K in keyof V as K extends keyof R ? R[K] & string : K]: V[K]
}
