import { registerHooks } from 'node:module'

/** For `node --import`: what users import of the package, from its sources. */
const sources: Readonly<Record<string, string>> = {
  millrace: import.meta.resolve('../../runtime/index.ts'),
  'millrace/testing': import.meta.resolve('../../cli/testing/index.ts'),
}

registerHooks({
  resolve(specifier, context, nextResolve) {
    const url = sources[specifier]
    return url === undefined ? nextResolve(specifier, context) : { url, shortCircuit: true }
  },
})
