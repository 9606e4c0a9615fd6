import { cpSync, globSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compile } from '../../build/compile.ts'
import { command } from '../support/command.ts'
import { baseImage } from './base-image.ts'
import type { ImageRecipe } from './recipe.ts'

const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }

/** What makes up `dist/` and what is shipped beside it. */
const sources = globSync([
  'package.json',
  'package-lock.json',
  'tsconfig*.json',
  'Dockerfile',
  'LICENSE',
  '{build,crds,operator,runtime,cli,dashboard}/**/*.{ts,js,css,html}',
]).sort()

/** The image of the operator and of runtime pods. */
export const millraceImage: ImageRecipe = {
  image: `localhost/millrace:${version}`,
  base: baseImage,
  programs: [],
  inputs: () => sources.map((path) => `${path}\n${readFileSync(path, 'utf8')}`),
  dockerfile: () => readFileSync('Dockerfile', 'utf8'),
  async layOut(context, log) {
    log('compiling')
    await compile(join(context, 'dist'))
    for (const path of ['package.json', 'package-lock.json', 'LICENSE']) {
      cpSync(path, join(context, path))
    }
    mkdirSync(join(context, 'dashboard'))
    cpSync('dashboard/assets', join(context, 'dashboard', 'assets'), { recursive: true })
    log('installing the production dependencies')
    // For the image's system, whatever this one is.
    const target = ['--os=linux', '--libc=glibc', `--cpu=${process.arch}`]
    const flags = ['--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', ...target]
    await command(['npm', 'ci', ...flags], { cwd: context })
  },
}
