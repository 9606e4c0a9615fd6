import { freePorts } from '../support/free-ports.ts'
import type { Certificates } from './certificates.ts'
import { type RunningKafka, startKafka } from './kafka.ts'

export interface SecureKafka extends RunningKafka {
  /** Passwords and tokens over TLS. */
  readonly saslServers: readonly string[]
  /** TLS with client certificates. */
  readonly tlsServers: readonly string[]
  setScramPassword(user: string, password: string): Promise<void>
  /** All may do everything with a topic that this was never called for, and no more than this with one that it was. */
  allow(user: string, operation: string, topic: string): Promise<void>
}

/** A connection by SASL PLAIN must prove itself anew after so long. */
export const REAUTHENTICATION_MS = 3000

const MODULES = 'org.apache.kafka.common.security'

/** A Kafka with listeners for every way to log in. PLAIN knows the user `plain` with this password. */
export async function startSecureKafka(
  { caFile, brokerStore }: Certificates,
  plainPassword: string,
): Promise<SecureKafka> {
  const [saslPort = 0, tlsPort = 0] = await freePorts(2)
  const sasl = 'listener.name.sasl_ssl'
  const kafka = await startKafka({
    listeners: [
      { protocol: 'SASL_SSL', port: saslPort },
      { protocol: 'SSL', port: tlsPort },
    ],
    properties: [
      'authorizer.class.name=kafka.security.authorizer.AclAuthorizer',
      'allow.everyone.if.no.acl.found=true',
      'ssl.keystore.type=PEM',
      `ssl.keystore.location=${brokerStore}`,
      'ssl.truststore.type=PEM',
      `ssl.truststore.location=${caFile}`,
      'listener.name.ssl.ssl.client.auth=required',
      `${sasl}.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER`,
      `${sasl}.plain.sasl.jaas.config=${MODULES}.plain.PlainLoginModule required user_plain="${plainPassword}";`,
      `${sasl}.plain.connections.max.reauth.ms=${REAUTHENTICATION_MS}`,
      `${sasl}.scram-sha-256.sasl.jaas.config=${MODULES}.scram.ScramLoginModule required;`,
      `${sasl}.scram-sha-512.sasl.jaas.config=${MODULES}.scram.ScramLoginModule required;`,
      `${sasl}.oauthbearer.sasl.jaas.config=${MODULES}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`,
    ],
  })
  const to = ['--bootstrap-server', kafka.bootstrapServers.join(',')]
  return {
    ...kafka,
    saslServers: [`127.0.0.1:${saslPort}`],
    tlsServers: [`127.0.0.1:${tlsPort}`],
    async setScramPassword(user, password) {
      const add = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].map((m) => `${m}=[password=${password}]`)
      await kafka.javaTool('kafka.admin.ConfigCommand', [
        ...to,
        '--alter',
        '--entity-type',
        'users',
        '--entity-name',
        user,
        '--add-config',
        add.join(','),
      ])
    },
    async allow(user, operation, topic) {
      const rule = ['--allow-principal', `User:${user}`, '--operation', operation, '--topic', topic]
      await kafka.javaTool('kafka.admin.AclCommand', [...to, '--add', ...rule])
    },
  }
}
