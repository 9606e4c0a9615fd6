import { findPackageJSON } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

const isSource = import.meta.filename.endsWith('.ts')

/** The folder of our package.json, whether this is a source or bundled. */
export const packageRoot = dirname(findPackageJSON(import.meta.url) ?? '')

/** One of our modules that is loaded by its name, such as `runtime/index`; bundled, it is one of the entry points of `build/`. */
export const ownModule = (name: string): URL =>
  pathToFileURL(join(packageRoot, isSource ? `${name}.ts` : join('dist', `${name}.js`)))
