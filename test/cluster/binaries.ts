import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheDir, withLock } from '../support/cache.ts'
import { command, hasCommand } from '../support/command.ts'

export const KUBERNETES_VERSION = '1.34.4'
const COREDNS_VERSION = 'v1.12.1'

const KUBERNETES_BINARIES = [
  'kube-apiserver',
  'kubectl',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kube-proxy',
] as const

const binDir = join(cacheDir, 'bin', `kubernetes-${KUBERNETES_VERSION}`)

/** What is still missing for building and running Kubernetes here; undefined when nothing is. */
export async function missingForBinaries(): Promise<string | undefined> {
  if (existsSync(binDir) || (await hasCommand('go'))) return undefined
  return 'building Kubernetes needs Go 1.24 or later'
}

/**
 * The folder with Kubernetes' programs, CoreDNS and a pause program, built through the Go module proxy: ten minutes on two
 * cores, once. Built beside the final folder and renamed, so a build that was stopped leaves nothing half done.
 */
export async function kubernetesBinaries(log: (line: string) => void): Promise<string> {
  if (existsSync(binDir)) return binDir
  return withLock('kubernetes-binaries', async () => {
    if (!existsSync(binDir)) await build(log)
    return binDir
  })
}

async function build(log: (line: string) => void): Promise<void> {
  const partial = `${binDir}.partial`
  mkdirSync(partial, { recursive: true })
  log(`building Kubernetes ${KUBERNETES_VERSION} from source, about ten minutes, once`)
  const module = await moduleFolder(partial, log)
  for (const name of KUBERNETES_BINARIES) {
    // What an earlier, interrupted build finished is kept.
    if (existsSync(join(partial, name))) continue
    log(`building ${name}`)
    const target = `k8s.io/kubernetes/cmd/${name}`
    await go(
      ['build', '-ldflags', versionFlags, '-o', join(partial, `${name}.new`), target],
      module,
    )
    renameSync(join(partial, `${name}.new`), join(partial, name))
  }
  log('building coredns')
  await go(
    ['install', '-ldflags', '-s -w', `github.com/coredns/coredns@${COREDNS_VERSION}`],
    partial,
    { GOBIN: partial },
  )
  log('building pause')
  await buildPause(partial)
  rmSync(module, { recursive: true, force: true })
  renameSync(partial, binDir)
}

const versionFlags = [
  '-s -w',
  `-X k8s.io/component-base/version.gitVersion=v${KUBERNETES_VERSION}`,
  '-X k8s.io/component-base/version.gitMajor=1',
  '-X k8s.io/component-base/version.gitMinor=34',
].join(' ')

/** A module of our own with Kubernetes' requirements: its staging folders are published as modules of their own. */
async function moduleFolder(partial: string, log: (line: string) => void): Promise<string> {
  const folder = join(partial, 'module')
  mkdirSync(folder, { recursive: true })
  log('fetching the sources')
  const version = `v${KUBERNETES_VERSION}`
  const downloaded = JSON.parse(
    await go(['mod', 'download', '-json', `k8s.io/kubernetes@${version}`], folder),
  ) as { GoMod: string }
  const staging = `v0.${KUBERNETES_VERSION.split('.').slice(1).join('.')}`
  const text = readFileSync(downloaded.GoMod, 'utf8')
    .replace(/^module .*$/m, 'module cluster-binaries')
    .replaceAll(/=> \.\/staging\/src\/k8s\.io\/(\S+)/g, `=> k8s.io/$1 ${staging}`)
  writeFileSync(join(folder, 'go.mod'), `${text}\nrequire k8s.io/kubernetes ${version}\n`)
  const imports = KUBERNETES_BINARIES.map((name) => `_ "k8s.io/kubernetes/cmd/${name}"`)
  writeFileSync(join(folder, 'tools.go'), `package tools\n\nimport (\n${imports.join('\n')}\n)\n`)
  await go(['mod', 'tidy'], folder)
  return folder
}

/** What holds a pod's namespaces open: it waits until it is told to end. */
const PAUSE = `package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM, syscall.SIGINT)
	<-end
}
`

async function buildPause(partial: string): Promise<void> {
  const folder = join(partial, 'pause-source')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'main.go'), PAUSE)
  writeFileSync(join(folder, 'go.mod'), 'module pause\n\ngo 1.24\n')
  await go(['build', '-ldflags', '-s -w', '-o', join(partial, 'pause'), '.'], folder)
  rmSync(folder, { recursive: true })
}

function go(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  return command(['nice', 'go', ...args], {
    cwd,
    env: { ...process.env, CGO_ENABLED: '0', ...env },
  })
}
