import {
  type CredentialKey,
  credentialKeys,
  type CredentialUse,
  type KafkaSpec,
} from '../../crds/index.ts'
import { Invalid } from '../errors.ts'
import { kinds } from '../kube/kinds.ts'
import type { Kube, KubeObject } from '../kube/kube.ts'
import { KafkaUnavailable, type NamesKafka } from './kafka-admin.ts'

/** All that it takes to connect. Holds the secrets themselves: never to be logged, nor to be part of a message. */
export interface KafkaAccess {
  readonly kafka: KafkaSpec
  readonly secrets: Readonly<Partial<Record<CredentialUse, string>>>
}

interface Secret extends KubeObject {
  data?: Readonly<Record<string, string>>
}

/** Reads each Secret that `spec.kafka` names, by its name. Throws `KafkaUnavailable`, which says what is missing. */
export async function readAccess(
  object: NamesKafka,
  kube: Pick<Kube, 'get'>,
): Promise<KafkaAccess> {
  const { kafka } = object.spec
  const { namespace = '' } = object.metadata
  const keys = credentialKeys(kafka)
  const names = [...new Set(keys.map(({ secret }) => secret))]
  const secrets = new Map(
    await Promise.all(
      names.map(async (name) => [name, await readSecret(name, namespace, kube)] as const),
    ),
  )
  const values = keys.map((key) => [key.use, valueOf(key, secrets.get(key.secret), namespace)])
  return { kafka, secrets: Object.fromEntries(values) as KafkaAccess['secrets'] }
}

async function readSecret(
  name: string,
  namespace: string,
  kube: Pick<Kube, 'get'>,
): Promise<Secret> {
  const what = `Secret "${name}" of spec.kafka`
  const secret = await kube.get<Secret>({ ...kinds.secret, namespace, name }).catch((error) => {
    if (!(error instanceof Invalid)) throw error
    throw missing(`the operator may not read ${what}: grant it get on Secrets: ${error.message}`)
  })
  if (secret === undefined)
    throw missing(`${what} does not exist in namespace ${namespace}: create it`)
  return secret
}

/** Without the newline by which editors and `echo` end a file: the runtime leaves it out, too. */
function valueOf(
  { secret: name, key }: CredentialKey,
  secret: Secret | undefined,
  namespace: string,
): string {
  const value = Buffer.from(secret?.data?.[key] ?? '', 'base64').toString('utf8')
  if (value !== '') return value.replace(/\r?\n$/, '')
  const keys = Object.keys(secret?.data ?? {}).join(', ')
  throw missing(
    `Secret "${name}" in namespace ${namespace} has nothing under the key "${key}": add it, or name another key in spec.kafka; it has ${keys || 'none'}`,
  )
}

const missing = (message: string) => new KafkaUnavailable('SecretNotFound', message)
