import type { KafkaAdmin, KafkaAdminFor } from './kafka-admin.ts'
import { KafkajsAdmin } from './kafkajs-admin.ts'

/** One admin for each cluster, shared by every object that names it. */
export function kafkaAdmins(): { readonly of: KafkaAdminFor; close(): Promise<void> } {
  const admins = new Map<string, KafkaAdmin>()
  return {
    of(bootstrapServers) {
      const id = [...bootstrapServers].sort().join(',')
      const known = admins.get(id) ?? new KafkajsAdmin(bootstrapServers)
      admins.set(id, known)
      return known
    },
    async close() {
      await Promise.allSettled([...admins.values()].map((admin) => admin.close()))
    },
  }
}
