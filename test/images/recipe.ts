import type { Program } from '../cluster/packages.ts'

type Log = (line: string) => void

/** How one image is made. */
export interface ImageRecipe {
  readonly image: string
  /** Used as it is where it can be pulled. */
  readonly published?: string
  /** Given to the Dockerfile as BASE. */
  readonly base?: ImageRecipe
  /** Programs that `layOut` calls. */
  readonly programs: readonly Program[]
  /** Texts that decide what the image is: another hash of them, another build. */
  inputs(): readonly string[]
  dockerfile(): string
  /** Fills the build context. */
  layOut(context: string, log: Log): Promise<void>
}
