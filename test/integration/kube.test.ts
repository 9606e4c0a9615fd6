import { KubeConfig } from '@kubernetes/client-node'
import { KubeClient } from '../../operator/kube/client.ts'
import { FIRST_START_MS, missingForApiServer, sharedApiServer } from '../cluster/api-server.ts'
import { kubeContract } from '../contract/kube.ts'
import { requireOrSkip } from '../support/skip.ts'

describe('operator/kube/client.ts on a real API server', function () {
  this.timeout(120_000)

  before(async function () {
    this.timeout(FIRST_START_MS)
    requireOrSkip(this, await missingForApiServer())
    await sharedApiServer()
  })

  kubeContract(async () => {
    const api = await sharedApiServer()
    await api.kubectl(['apply', '-f', 'crds/'])
    await api.kubectl(['wait', '--for=condition=Established', 'crd', '--all'])
    await api.kubectl(['create', 'namespace', 'contract'])
    const config = new KubeConfig()
    config.loadFromFile(api.kubeconfigPath)
    return new KubeClient(config)
  })
})
