import * as pulumi from '@pulumi/pulumi'

/** What a stack decides, from `Pulumi.<stack>.yaml`. */
export interface StackConfig {
  /** For Kafka, its topics and the example. */
  readonly namespace: string
  readonly operatorNamespace: string
  readonly zookeeperServers: number
  readonly brokers: number
  /** Whether Kafka and ZooKeeper keep their data in volumes. */
  readonly persistence: boolean
  /** Put before the repository of every image, such as `registry.example.com`. */
  readonly imageRegistry: string
  /** Kafka's image; unset: the charts' own. */
  readonly kafkaImage: ImageConfig | undefined
  /** Millrace's image; unset: the chart's own. */
  readonly millraceImage: ImageConfig | undefined
  /** Whether to run the example job. */
  readonly example: boolean
}

export interface ImageConfig {
  readonly repository: string
  readonly tag?: string
}

export function readConfig(config: pulumi.Config): StackConfig {
  return {
    namespace: config.get('namespace') ?? 'fraud-detection',
    operatorNamespace: config.get('operatorNamespace') ?? 'millrace-system',
    zookeeperServers: oddCount(config, 'zookeeperServers'),
    brokers: count(config, 'brokers'),
    persistence: config.getBoolean('persistence') ?? false,
    imageRegistry: config.get('imageRegistry') ?? '',
    kafkaImage: config.getObject<ImageConfig>('kafkaImage'),
    millraceImage: config.getObject<ImageConfig>('millraceImage'),
    example: config.getBoolean('example') ?? true,
  }
}

function count(config: pulumi.Config, key: string): number {
  const value = config.getNumber(key) ?? 1
  if (Number.isInteger(value) && value >= 1) return value
  throw new pulumi.RunError(
    `millrace:${key} is ${value}: set a whole number from 1, with \`pulumi config set millrace:${key} 1\``,
  )
}

/** An even ensemble survives no more failures than the odd one below it. */
function oddCount(config: pulumi.Config, key: string): number {
  const value = count(config, key)
  if (value % 2 === 1) return value
  throw new pulumi.RunError(`millrace:${key} is ${value}: set an odd number, such as ${value + 1}`)
}
