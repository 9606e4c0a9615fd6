import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'mocha'
import { command, type CommandResult, tryCommand } from '../support/command.ts'
import { eventually } from '../support/eventually.ts'
import { freePorts } from '../support/free-ports.ts'
import { kubernetesBinaries, missingForBinaries } from './binaries.ts'
import { ensurePrograms } from './packages.ts'
import { kubeconfig, makePki } from './pki.ts'

/** What a hook may take that starts one: the first time, Kubernetes is built from source. */
export const FIRST_START_MS = 40 * 60_000

/** A real API server with nothing behind it: no nodes, no controllers but garbage collection. */
export interface ApiServer {
  readonly kubeconfigPath: string
  kubectl(args: readonly string[], input?: string): Promise<string>
  tryKubectl(args: readonly string[], input?: string): Promise<CommandResult>
  stop(): Promise<void>
}

const START_MS = 60_000

/** Why there can be no API server here; undefined when there can. */
export async function missingForApiServer(): Promise<string | undefined> {
  return (await missingForBinaries()) ?? ensurePrograms(['etcd'], console.log)
}

let shared: Promise<ApiServer> | undefined

/** One API server for all suites of this mocha process. */
export function sharedApiServer(): Promise<ApiServer> {
  shared ??= startApiServer((line) => console.log(`      ${line}`))
  return shared
}

after(async () => {
  await (await shared?.catch(() => undefined))?.stop()
})

/** etcd, kube-apiserver and kube-controller-manager on free loopback ports; gone with `stop()` or this process. */
export async function startApiServer(log: (line: string) => void): Promise<ApiServer> {
  const bin = await kubernetesBinaries(log)
  const dir = mkdtempSync(join(tmpdir(), 'millrace-api-'))
  const pki = await makePki(dir, ['127.0.0.1', '10.96.0.1'])
  const [etcdPort = 0, peerPort = 0, port = 0] = await freePorts(3)
  const children: ChildProcess[] = []
  const endWithUs = () => children.forEach((child) => child.kill('SIGKILL'))
  process.once('exit', endWithUs)
  const start = (name: string, argv: readonly string[]) => {
    const out = openSync(join(dir, `${name}.log`), 'a')
    const [file = '', ...args] = argv
    children.push(spawn(file, args, { stdio: ['ignore', out, out] }))
  }
  const etcd = `http://127.0.0.1:${etcdPort}`
  const peer = `http://127.0.0.1:${peerPort}`
  start('etcd', [
    'etcd',
    '--data-dir',
    join(dir, 'etcd'),
    '--listen-client-urls',
    etcd,
    '--advertise-client-urls',
    etcd,
    '--listen-peer-urls',
    peer,
    '--initial-advertise-peer-urls',
    peer,
    '--initial-cluster',
    `default=${peer}`,
    '--unsafe-no-fsync',
  ])
  start('api', [
    join(bin, 'kube-apiserver'),
    `--etcd-servers=${etcd}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    `--tls-cert-file=${pki.certificate}`,
    `--tls-private-key-file=${pki.key}`,
    `--client-ca-file=${pki.ca}`,
    `--token-auth-file=${pki.tokens}`,
    '--authorization-mode=RBAC',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${pki.serviceAccountKey}`,
    `--service-account-signing-key-file=${pki.serviceAccountKey}`,
    '--service-cluster-ip-range=10.96.0.0/16',
    '--disable-admission-plugins=ServiceAccount',
  ])
  const kubeconfigPath = join(dir, 'kubeconfig')
  writeFileSync(kubeconfigPath, kubeconfig(`https://127.0.0.1:${port}`, pki))
  const kubectlArgv = [join(bin, 'kubectl'), '--kubeconfig', kubeconfigPath]
  await eventually(() => command([...kubectlArgv, 'get', '--raw', '/readyz']), {
    timeoutMs: START_MS,
    everyMs: 200,
  }).catch((error: unknown) => {
    throw new Error(
      `the API server did not come up: ${readFileSync(join(dir, 'api.log'), 'utf8').slice(-1500)}`,
      { cause: error },
    )
  })
  start('controllers', [
    join(bin, 'kube-controller-manager'),
    `--kubeconfig=${kubeconfigPath}`,
    '--leader-elect=false',
    '--controllers=garbage-collector-controller,namespace-controller',
    '--use-service-account-credentials=false',
    '--secure-port=0',
  ])
  await eventually(() => command([...kubectlArgv, 'get', 'namespace', 'default']), {
    timeoutMs: START_MS,
  })
  return {
    kubeconfigPath,
    kubectl: (args, input) =>
      command([...kubectlArgv, ...args], input === undefined ? {} : { input }),
    tryKubectl: (args, input) =>
      tryCommand([...kubectlArgv, ...args], input === undefined ? {} : { input }),
    async stop() {
      process.removeListener('exit', endWithUs)
      const ended = children.map(
        (child) =>
          new Promise((resolve) =>
            child.exitCode === null ? child.once('exit', resolve) : resolve(0),
          ),
      )
      endWithUs()
      await Promise.all(ended)
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
