import * as pulumi from '@pulumi/pulumi'

/** The inputs that tests read, of whatever kind of resource. */
export interface Inputs {
  readonly name: string
  readonly chart: string
  readonly values: Readonly<Record<string, unknown>>
  readonly metadata: { readonly labels: Readonly<Record<string, string>> }
  readonly spec: { readonly kafka: { readonly bootstrapServers: readonly string[] } }
}

export interface Registered {
  readonly type: string
  readonly name: string
  readonly inputs: Inputs
  /** `<type> <name>` of what must be complete before this one is made, and outlive it: its own and its parents'. */
  readonly dependencies: readonly string[]
}

/** What the program's side says to Pulumi's engine about one resource: more than the mocks are told. */
interface RegisterRequest {
  getType(): string
  getName(): string
  getParent(): string
  getDependenciesList(): readonly string[]
}

interface Monitor {
  registerResource(request: RegisterRequest, callback: unknown): unknown
}

/** Pulumi's mocks, set up to remember every resource. */
export class Recorder {
  readonly #inputs = new Map<string, Inputs>()
  readonly #dependencies = new Map<string, readonly string[]>()

  /** Takes effect for the whole process: one program a test file. */
  async start(config: Readonly<Record<string, string>>): Promise<void> {
    pulumi.runtime.setAllConfig({ ...config })
    await pulumi.runtime.setMocks(
      {
        newResource: ({ type, name, inputs }) => {
          this.#inputs.set(`${type} ${name}`, inputs as Inputs)
          return { id: `${name}-id`, state: { ...(inputs as Inputs) } }
        },
        call: () => ({}),
      },
      'millrace',
      'test',
    )
    this.#listen(pulumi.runtime.getMonitor() as unknown as Monitor)
  }

  get resources(): readonly Registered[] {
    return [...this.#inputs].map(([key, inputs]) => {
      const [type = '', name = ''] = key.split(' ')
      return { type, name, inputs, dependencies: this.#dependencies.get(key) ?? [] }
    })
  }

  one(type: string, name: string): Registered {
    const found = this.resources.find((one) => one.type === type && one.name === name)
    if (found !== undefined) return found
    const known = [...this.#inputs.keys()].join('\n  ')
    throw new Error(`expected ${type} ${name} in\n  ${known}`)
  }

  #listen(monitor: Monitor): void {
    const register = monitor.registerResource.bind(monitor)
    monitor.registerResource = (request, callback) => {
      const key = `${request.getType()} ${request.getName()}`
      const own = request.getDependenciesList().map(typeAndName)
      const parents = this.#dependencies.get(typeAndName(request.getParent())) ?? []
      this.#dependencies.set(key, [...own, ...parents])
      return register(request, callback)
    }
  }
}

/** `urn:pulumi:<stack>::<project>::<parent type>$<type>::<name>` */
function typeAndName(urn: string): string {
  const [, , types = '', name = ''] = urn.split('::')
  return `${types.split('$').at(-1)} ${name}`
}

export function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => output.apply(resolve))
}
