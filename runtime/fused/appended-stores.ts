/** The stores of a program that records are added to: `log0` is the first. */
export class AppendedStores {
  readonly #names: string[] = []
  /** By what the program does with them while it has one record. */
  readonly #read = new Set<string>()
  readonly #written = new Set<string>()

  get names(): readonly string[] {
    return this.#names
  }

  /** A record would have to find itself: what it adds is added when all is done. */
  get isEntangled(): boolean {
    return [...this.#written].some((name) => this.#read.has(name))
  }

  read(name: string): string {
    this.#read.add(name)
    return this.#variable(name)
  }

  /** undefined where records would be added twice. */
  written(name: string): string | undefined {
    if (this.#written.has(name)) return undefined
    this.#written.add(name)
    return this.#variable(name)
  }

  /** Before the loop. */
  declare(): readonly string[] {
    return this.#names.map((_, index) => `const log${index} = logs[${index}]`)
  }

  #variable(name: string): string {
    const known = this.#names.indexOf(name)
    return `log${known < 0 ? this.#names.push(name) - 1 : known}`
  }
}
