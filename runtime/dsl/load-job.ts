import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'
import type { RuntimeConfig } from '../config.ts'
import { InvalidJob } from '../errors.ts'
import { ownModule } from '../platform/own-files.ts'
import type { Topology } from '../topology/topology.ts'
import { bind } from './bind.ts'
import { isJob } from './job.ts'

/** `import … from 'millrace'` in a job file means this very package, wherever the file lies: a ConfigMap has no node_modules. */
const ourselves = ownModule('runtime/index').href
let hooked = false

function resolveMillrace(): void {
  if (hooked) return
  hooked = true
  registerHooks({
    resolve: (specifier, context, nextResolve) =>
      specifier === 'millrace'
        ? { url: ourselves, shortCircuit: true }
        : nextResolve(specifier, context),
  })
}

/** Loads a TypeScript job; Node strips its types. Throws `InvalidJob` with what is wrong with the file. */
export async function loadJob(
  path: string,
  config: Pick<RuntimeConfig, 'inputs'>,
): Promise<Topology> {
  resolveMillrace()
  const exported = await importDefault(path)
  if (isJob(exported)) return bind(exported, config)
  throw fault(
    path,
    `exports ${exported === undefined ? 'nothing' : `a ${typeof exported}`} by default: write \`export default job(…)\``,
  )
}

async function importDefault(path: string): Promise<unknown> {
  try {
    const loaded = (await import(pathToFileURL(path).href)) as { readonly default?: unknown }
    return loaded.default
  } catch (error) {
    throw fault(path, (error as Error).stack ?? String(error))
  }
}

const fault = (path: string, message: string): InvalidJob =>
  new InvalidJob([{ path: `code ${path}`, message }])
