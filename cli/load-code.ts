import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RuntimeConfig } from '../runtime/config.ts'
import { loadJob } from '../runtime/dsl/load-job.ts'
import type { Topology } from '../runtime/topology/topology.ts'

/**
 * Loads a TypeScript job from its text or, without one, from the path in its configuration. Node runs files, not texts; each
 * load is a new file, since a module is loaded once for ever. Throws `InvalidJob`.
 */
export async function loadCode(code: string | undefined, config: RuntimeConfig): Promise<Topology> {
  if (code === undefined) return loadJob(config.code?.path ?? '', config)
  const folder = mkdtempSync(join(tmpdir(), 'millrace-job-'))
  try {
    const path = join(folder, 'job.ts')
    writeFileSync(path, code)
    return await loadJob(path, config)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
