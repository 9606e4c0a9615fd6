import { cpSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { unpackPackages } from './debian.ts'
import type { ImageRecipe } from './recipe.ts'

/** What Node links to, and what TLS needs; no shell. */
const packages = ['libc6', 'libgcc-s1', 'libstdc++6', 'ca-certificates', 'tzdata', 'base-files']

const dockerfile = `FROM scratch
COPY . /
ENV PATH=/usr/local/bin
`

const nodeVersion = process.versions.node

/** Node alone on Debian's C libraries: the base of our image where no registry can be reached. */
export const baseImage: ImageRecipe = {
  image: `localhost/millrace-base:node-${nodeVersion}`,
  published: `node:${nodeVersion.split('.')[0]}-bookworm-slim`,
  programs: [],
  inputs: () => [dockerfile, packages.join()],
  dockerfile: () => dockerfile,
  async layOut(context) {
    // Debian unpacks these four through links.
    for (const folder of ['bin', 'sbin', 'lib', 'lib64']) {
      mkdirSync(join(context, 'usr', folder), { recursive: true })
    }
    await unpackPackages(packages, context)
    const node = join(context, 'usr', 'local', 'bin', 'node')
    mkdirSync(dirname(node), { recursive: true })
    cpSync(process.execPath, node)
    mkdirSync(join(context, 'tmp'), { mode: 0o1777, recursive: true })
  },
}
