import { createHash } from 'node:crypto'
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { ensurePrograms } from '../cluster/packages.ts'
import { cacheDir, withLock } from '../support/cache.ts'
import { type ImageEngine, imageEngine } from './engine.ts'
import { kafkaImage } from './kafka-image.ts'
import { millraceImage } from './millrace-image.ts'
import type { ImageRecipe } from './recipe.ts'

type Log = (line: string) => void

export interface Images {
  /** Image name and its archive for nodes without a registry. */
  readonly millrace: Image
  readonly kafka: Image
}

export interface Image {
  readonly image: string
  readonly archive: string
}

const imagesDir = join(cacheDir, 'images')

/** Why no image can be built here; undefined when one can. */
export async function missingForImages(): Promise<string | undefined> {
  if ((await imageEngine()) !== undefined) return undefined
  const missing = await ensurePrograms(['buildah'], console.log)
  return missing && `building images needs docker, podman or buildah: ${missing}`
}

/** Builds what has changed since it was built last. */
export async function buildImages(log: Log): Promise<Images> {
  const engine = await imageEngine()
  if (engine === undefined) throw new Error('building images needs docker, podman or buildah')
  mkdirSync(imagesDir, { recursive: true })
  return withLock('images', async () => ({
    millrace: await archiveOf(engine, millraceImage, log),
    kafka: await archiveOf(engine, kafkaImage, log),
  }))
}

async function archiveOf(engine: ImageEngine, recipe: ImageRecipe, log: Log): Promise<Image> {
  const name = recipe.image.replaceAll(/[/:]/g, '_')
  const archive = join(imagesDir, `${name}-${hashOf(recipe)}.tar`)
  if (existsSync(archive)) return { image: recipe.image, archive }
  await make(engine, recipe, log)
  for (const old of globSync(join(imagesDir, `${name}-*.tar`))) rmSync(old)
  await engine.save(recipe.image, `${archive}.partial`)
  renameSync(`${archive}.partial`, archive)
  return { image: recipe.image, archive }
}

async function make(engine: ImageEngine, recipe: ImageRecipe, log: Log): Promise<void> {
  log(`building ${recipe.image} with ${engine.name}`)
  const context = mkdtempSync(join(imagesDir, 'context-'))
  const dockerfile = `${context}.Dockerfile`
  try {
    writeFileSync(dockerfile, await prepare(engine, recipe, { context, log }))
    const args: Record<string, string> = {}
    if (recipe.base !== undefined) args.BASE = await base(engine, recipe.base, log)
    await engine.build({ image: recipe.image, dockerfile, context, args })
  } finally {
    rmSync(context, { recursive: true, force: true })
    rmSync(dockerfile, { force: true })
  }
}

/** Fills the context and returns the Dockerfile: a published image as it is, where a registry answers. */
async function prepare(
  engine: ImageEngine,
  recipe: ImageRecipe,
  { context, log }: { readonly context: string; readonly log: Log },
): Promise<string> {
  const { published } = recipe
  if (published !== undefined && (await engine.pull(published))) return `FROM ${published}\n`
  const missing = await ensurePrograms(recipe.programs, log)
  if (missing !== undefined) throw new Error(`${recipe.image}: ${missing}`)
  await recipe.layOut(context, log)
  return recipe.dockerfile()
}

async function base(engine: ImageEngine, recipe: ImageRecipe, log: Log): Promise<string> {
  if (!(await engine.has(recipe.image))) await make(engine, recipe, log)
  return recipe.image
}

const hashOf = (recipe: ImageRecipe): string =>
  createHash('sha256').update(recipe.inputs().join('\0')).digest('hex').slice(0, 16)
