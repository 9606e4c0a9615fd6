import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as pulumi from '@pulumi/pulumi'
import { expect } from 'chai'
import { parse } from 'yaml'
import { readConfig, type StackConfig } from '../../pulumi/config.ts'

/** A project name of its own, because Pulumi's configuration belongs to the whole process. */
function configOf(values: Readonly<Record<string, string>>): StackConfig {
  const all = Object.entries(values).map(([key, value]) => [`stack:${key}`, value])
  pulumi.runtime.setAllConfig(Object.fromEntries(all) as Record<string, string>)
  return readConfig(new pulumi.Config('stack'))
}

describe('pulumi/config.ts', () => {
  it('is complete without a word', () => {
    expect(configOf({})).to.deep.equal({
      namespace: 'fraud-detection',
      operatorNamespace: 'millrace-system',
      zookeeperServers: 1,
      brokers: 1,
      persistence: false,
      imageRegistry: '',
      kafkaImage: undefined,
      millraceImage: undefined,
      example: true,
    })
  })

  it('says which key is wrong and what to write', () => {
    expect(() => configOf({ brokers: '0' })).to.throw('millrace:brokers is 0: set a whole number')
    expect(() => configOf({ zookeeperServers: '2' })).to.throw(
      'millrace:zookeeperServers is 2: set an odd number, such as 3',
    )
  })

  it('knows every key of Pulumi.dev.yaml', () => {
    const file = join(import.meta.dirname, '..', '..', 'pulumi', 'Pulumi.dev.yaml')
    const { config } = parse(readFileSync(file, 'utf8')) as { config: Record<string, unknown> }
    for (const key of Object.keys(config)) {
      expect(configOf({})).to.include.keys(key.replace('millrace:', ''))
    }
  })
})
