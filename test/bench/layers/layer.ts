/** One thing that happens to every record on its way, alone and without Kafka. */
export interface Layer {
  readonly name: string
  /** Records that one call of `run` works off. */
  readonly records: number
  /** Returns something that depends on the work, so that none of it can be optimised away. */
  readonly run: () => number
}
