import { missingForCluster, startCluster, stopCluster } from './cluster.ts'

const [verb] = process.argv.slice(2)
if (verb === 'up') await up()
else if (verb === 'down') await stopCluster()
else throw new Error('usage: node test/cluster/main.ts up|down')

async function up(): Promise<void> {
  const missing = await missingForCluster()
  if (missing !== undefined) throw new Error(missing)
  const { enter, kubectl, kubeconfig } = await startCluster(console.log)
  console.log(`kubeconfig  ${kubeconfig}`)
  console.log(`kubectl     ${[...enter, ...kubectl].join(' ')}`)
}
