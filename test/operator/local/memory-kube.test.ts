import { admit } from '../../../operator/local/admit.ts'
import { MemoryKube } from '../../../operator/local/memory-kube.ts'
import { systemClock } from '../../../runtime/platform/clock.ts'
import { kubeContract } from '../../contract/kube.ts'

describe('operator/local/memory-kube.ts', () => {
  kubeContract(async () => new MemoryKube(systemClock, admit))
})
