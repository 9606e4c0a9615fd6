import { type Admin, Kafka, logLevel } from 'kafkajs'

/** An independent client that administers a cluster, connected; `disconnect` ends it. */
export async function connectedAdmin(bootstrapServers: readonly string[]): Promise<Admin> {
  const brokers = [...bootstrapServers]
  const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  return admin
}
