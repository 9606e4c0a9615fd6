import { expect } from 'chai'
import { podTemplate } from '../../../operator/streamjob/desired/pod-template.ts'
import { runtimeConfig } from '../../../operator/streamjob/desired/runtime-config.ts'
import { runtimeConfigSchema } from '../../../runtime/config.ts'
import { jobWith } from './observed.ts'

const facts = { defaultImage: 'millrace:1', code: undefined }

const heapOf = (spec: Record<string, unknown>) =>
  podTemplate(jobWith(spec), facts).spec.containers[0]?.env.find(
    ({ name }) => name === 'NODE_OPTIONS',
  )

describe('the pods of a StreamJob', () => {
  it('get a configuration that the runtime takes, with threads and formats', () => {
    const config = runtimeConfigSchema.parse(
      runtimeConfig(
        jobWith({
          threads: 4,
          inputs: [{ name: 'in', topic: 'in', keyFormat: 'Long' }],
          outputs: [{ from: 'large', topic: 'out', format: 'UUID' }],
        }),
      ),
    )
    expect(config.threads).to.equal(4)
    expect(config.inputs[0]).to.include({ format: 'Json', keyFormat: 'Long' })
    expect(config.outputs[0]).to.include({ format: 'UUID', keyFormat: 'String' })
  })

  it('share the heap that the memory limit allows among their threads', () => {
    const resources = { limits: { memory: '1000Mi' } }
    expect(heapOf({ resources })).to.include({ value: '--max-old-space-size=600' })
    expect(heapOf({ resources, threads: 4 })).to.include({ value: '--max-old-space-size=150' })
    expect(heapOf({ threads: 4 })).to.equal(undefined)
  })
})
