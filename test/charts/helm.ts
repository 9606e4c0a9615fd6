import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cacheDir, withLock } from '../support/cache.ts'
import { command, hasCommand } from '../support/command.ts'

export const helmVersion = 'v3.19.0'

/** Without these a helm from source calls itself v3.19 and renders for Kubernetes 1.20. */
const linkerFlags = [
  `-s -w -X helm.sh/helm/v3/internal/version.version=${helmVersion}`,
  '-X helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor=1',
  '-X helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor=34',
].join(' ')

/** The user's helm if there is one, else one built from source into the cache, which takes two minutes once. */
export async function helmBinary({ log }: { log: (line: string) => void }): Promise<string> {
  if (await hasCommand('helm')) return 'helm'
  const folder = join(cacheDir, 'bin', `helm-${helmVersion}`)
  const binary = join(folder, 'helm')
  if (existsSync(binary)) return binary
  return withLock(`helm-${helmVersion}`, async () => {
    if (!existsSync(binary)) await build(folder, log)
    return binary
  })
}

/** Builds beside the final folder and renames, so that a build that was stopped half way leaves no half binary. */
async function build(folder: string, log: (line: string) => void): Promise<void> {
  const partial = `${folder}.partial`
  rmSync(partial, { recursive: true, force: true })
  mkdirSync(partial, { recursive: true })
  log(`building helm ${helmVersion} from source (once, about two minutes)`)
  const helm = `helm.sh/helm/v3/cmd/helm@${helmVersion}`
  await command(['go', 'install', '-ldflags', linkerFlags, helm], {
    env: { ...process.env, GOBIN: partial, CGO_ENABLED: '0' },
    onLine: log,
  })
  renameSync(partial, folder)
  log(`helm is in ${folder}`)
}

/** Settings that keep a test's helm away from the user's repositories, plugins and cluster. */
export function helmEnv(): NodeJS.ProcessEnv {
  const home = mkdtempSync(join(tmpdir(), 'millrace-helm-'))
  process.once('exit', () => rmSync(home, { recursive: true, force: true }))
  return {
    ...process.env,
    HELM_CACHE_HOME: join(home, 'cache'),
    HELM_CONFIG_HOME: join(home, 'config'),
    HELM_DATA_HOME: join(home, 'data'),
  }
}
