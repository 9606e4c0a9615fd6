import { expect } from 'chai'
import kafkajs, { type AclEntry, type Admin } from 'kafkajs'
import { connectedAdmin } from '../kafka/admin.ts'
import type { RunningKafka } from '../kafka/kafka.ts'
import { eventually } from '../support/eventually.ts'
import type { JobUnderFaults } from './job-under-faults.ts'

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs
const WITHIN_30_S = { timeoutMs: 30_000 } as const

/** What becomes of a job that Kafka denies for a while what it allowed before. */
export function denials(given: () => { kafka: RunningKafka; job: JobUnderFaults }): void {
  let admin: Admin
  let job: JobUnderFaults
  let denied: AclEntry | undefined

  before(async () => {
    admin = await connectedAdmin(given().kafka.bootstrapServers)
  })

  beforeEach(() => {
    ;({ job } = given())
  })

  afterEach(() => grant())

  after(() => admin?.disconnect())

  async function deny(resourceType: number, resourceName: string): Promise<void> {
    denied = {
      resourceType,
      resourceName,
      resourcePatternType: ResourcePatternTypes.LITERAL,
      principal: 'User:ANONYMOUS',
      host: '*',
      operation: AclOperationTypes.ALL,
      permissionType: AclPermissionTypes.DENY,
    }
    await admin.createAcls({ acl: [denied] })
  }

  async function grant(): Promise<void> {
    if (denied !== undefined) await admin.deleteAcls({ filters: [denied] })
    denied = undefined
  }

  const { TOPIC, GROUP, TRANSACTIONAL_ID } = AclResourceTypes
  const rights = [
    ['its input', TOPIC, () => job.input, 'TopicAuthorizationFailed'],
    ['its output', TOPIC, () => job.output, 'TopicAuthorizationFailed'],
    ['its group', GROUP, () => job.clientId, 'GroupAuthorizationFailed'],
    ['its output under ExactlyOnce', TOPIC, () => job.output, 'TopicAuthorizationFailed'],
    [
      'its transactional id under ExactlyOnce',
      TRANSACTIONAL_ID,
      () => `${job.clientId}-${job.clientId}-0-1`,
      'TransactionalIdAuthorizationFailed',
    ],
  ] as const
  for (const [what, type, name, reason] of rights) {
    const guarantee = what.endsWith('ExactlyOnce') ? 'ExactlyOnce' : 'AtLeastOnce'
    it(`says that ${what} is denied, waits, and goes on once it is granted`, async function () {
      this.timeout(90_000)
      const instance = job.start({ guarantee })
      job.feed()
      await job.progress()
      await deny(type, name())
      await eventually(() => {
        const { lastError } = instance.status()
        expect(lastError?.reason).to.equal(reason)
        expect(lastError?.message).to.match(/the job's user may not .*: grant it/)
        expect(instance.ready()).to.equal(false)
      }, WITHIN_30_S)
      await grant()
      await eventually(() => expect(instance.ready()).to.equal(true), WITHIN_30_S)
      expect(instance.status().lastError).to.equal(undefined)
      const { duplicates } = await job.settle()
      if (guarantee === 'ExactlyOnce') expect(duplicates).to.equal(0)
      expect(instance.status().state).to.equal('Running')
    })
  }

  it('waits to be granted its topics before it starts', async function () {
    this.timeout(60_000)
    await deny(AclResourceTypes.TOPIC, job.input)
    const instance = job.start()
    await eventually(
      () => expect(instance.status().lastError?.reason).to.equal('TopicAuthorizationFailed'),
      WITHIN_30_S,
    )
    await grant()
    await eventually(() => expect(instance.ready()).to.equal(true), WITHIN_30_S)
  })
}
