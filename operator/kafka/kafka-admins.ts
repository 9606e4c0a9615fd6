import { isDeepStrictEqual } from 'node:util'
import { credentialKeys } from '../../crds/index.ts'
import type { Clock } from '../../runtime/platform/clock.ts'
import type { Kube } from '../kube/kube.ts'
import { type KafkaAccess, readAccess } from './access.ts'
import type { KafkaAdmin, KafkaAdminFor, NamesKafka } from './kafka-admin.ts'
import { KafkajsAdmin } from './kafkajs-admin.ts'

interface Client {
  readonly access: KafkaAccess
  readonly admin: KafkaAdmin
  usedMs: number
}

/** Objects look again every two minutes: what nobody has asked for in this time belongs to none any more. */
const UNUSED_MS = 10 * 60_000

/**
 * One admin for all objects that name a cluster, and what to log in with, alike. Secrets are read each time; when one has
 * changed, another admin takes the place of the old.
 */
export function kafkaAdmins(
  kube: Pick<Kube, 'get'>,
  clock: Clock,
): { readonly of: KafkaAdminFor; close(): Promise<void> } {
  const clients = new Map<string, Client>()

  function closeUnused(): void {
    for (const [id, { usedMs, admin }] of clients) {
      if (clock.monotonic() - usedMs < UNUSED_MS) continue
      clients.delete(id)
      void admin.close()
    }
  }

  return {
    async of(object) {
      const access = await readAccess(object, kube)
      closeUnused()
      const id = idOf(object)
      const known = clients.get(id)
      const usedMs = clock.monotonic()
      if (known !== undefined && isDeepStrictEqual(known.access.secrets, access.secrets)) {
        known.usedMs = usedMs
        return known.admin
      }
      const admin = new KafkajsAdmin(access)
      clients.set(id, { access, admin, usedMs })
      void known?.admin.close()
      return admin
    },
    async close() {
      await Promise.allSettled([...clients.values()].map(({ admin }) => admin.close()))
    },
  }
}

function idOf({ metadata, spec: { kafka } }: NamesKafka): string {
  const servers = [...kafka.bootstrapServers].sort()
  const secretsOf = credentialKeys(kafka).length === 0 ? undefined : metadata.namespace
  return JSON.stringify([servers, kafka.tls, kafka.sasl, secretsOf])
}
