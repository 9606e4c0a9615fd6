import { BrokerError } from './errors.ts'

/** Rights that are lacking. Whoever took them away may give them back. */
const DENIED: ReadonlySet<string> = new Set([
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'TRANSACTIONAL_ID_AUTHORIZATION_FAILED',
])

export const isDenied = (code: string): boolean => DENIED.has(code)

/**
 * Codes that pass by themselves: elections, restarts, lost connections, and credentials or rights that somebody is about
 * to mend. A running job waits for as long as they last.
 */
const TRANSIENT: ReadonlySet<string> = new Set([
  'UNREACHABLE',
  'SASL_AUTHENTICATION_FAILED',
  'TLS_REFUSED',
  'INVALID_CONFIG',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_OR_FOLLOWER',
  'REQUEST_TIMED_OUT',
  'REPLICA_NOT_AVAILABLE',
  'NETWORK_EXCEPTION',
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR',
  'NOT_ENOUGH_REPLICAS',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'NOT_CONTROLLER',
  'KAFKA_STORAGE_ERROR',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'OFFSET_NOT_AVAILABLE',
  'THROTTLING_QUOTA_EXCEEDED',
  'BROKER_NOT_AVAILABLE',
  'CONCURRENT_TRANSACTIONS',
  'UNSTABLE_OFFSET_COMMIT',
  ...DENIED,
])

export const isTransient = (code: string): boolean => TRANSIENT.has(code)

/** The configuration is at fault, not the moment: a program that starts says so instead of waiting. */
const CONFIGURATION: ReadonlySet<string> = new Set([
  'SASL_AUTHENTICATION_FAILED',
  'TLS_REFUSED',
  'INVALID_CONFIG',
  ...DENIED,
])

export const isConfiguration = (code: string): boolean => CONFIGURATION.has(code)

/**
 * What a program that starts waits for. Wrong credentials are the configuration's fault: it says so and ends. Brokers that are too few
 * for the replicas of a topic may be just starting.
 */
export const passesAtStart = (code: string): boolean =>
  isDenied(code) ||
  code === 'INVALID_REPLICATION_FACTOR' ||
  (isTransient(code) && !isConfiguration(code))

/** What to do about the refusals that people meet; empty for the others. */
export function remedy(code: string): string {
  const text = REMEDIES[code]
  return text === undefined ? '' : `: ${text}`
}

const REMEDIES: Readonly<Record<string, string>> = {
  TOPIC_AUTHORIZATION_FAILED:
    "the job's user may not do this: grant it Read and Describe on inputs, Write and Describe on outputs",
  GROUP_AUTHORIZATION_FAILED:
    "the job's user may not use this group: grant it Read on the group, which is named like the job's applicationId",
  CLUSTER_AUTHORIZATION_FAILED:
    "the job's user may not do this: grant it IdempotentWrite (and Create for internal topics) on the cluster",
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
    "the job's user may not do this: grant it Write and Describe on transactional ids with the prefix of the job's applicationId",
  INVALID_TRANSACTION_TIMEOUT:
    "shorten the job's commit interval, or raise the brokers' transaction.max.timeout.ms above it by 10 s",
  GROUP_MAX_SIZE_REACHED: "raise the brokers' group.max.size, or run fewer instances",
  INVALID_SESSION_TIMEOUT:
    "choose a session timeout between the brokers' group.min.session.timeout.ms and group.max.session.timeout.ms",
  INVALID_REPLICATION_FACTOR:
    'start as many brokers, or set internalTopics.replicationFactor of the job to as many as there are',
  INCONSISTENT_GROUP_PROTOCOL:
    'a client of another kind is in this group: give the job an applicationId of its own',
}

/** An error of Kafka about one thing, with what to do about it. */
export const refused = (code: string, what: string): BrokerError =>
  new BrokerError(code, `${what}: ${code}${remedy(code)}`)
