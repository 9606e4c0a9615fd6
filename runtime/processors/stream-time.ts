/** The latest time that an operator has seen. It has not seen a record that fails. */
export class StreamTime {
  #now = -1
  #accepted = -1

  get now(): number {
    return this.#now
  }

  /** Never goes back; returns where it stands. */
  advanceTo(time: number): number {
    if (time > this.#now) this.#now = time
    return this.#now
  }

  /** As it was before a restart: nothing undoes it. */
  startAt(time: number): void {
    this.#accepted = this.advanceTo(time)
  }

  accept(): void {
    this.#accepted = this.#now
  }

  rollback(): void {
    this.#now = this.#accepted
  }
}
