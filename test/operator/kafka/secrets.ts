import type { Kube } from '../../../operator/kube/kube.ts'
import { kinds } from '../../../operator/kube/kinds.ts'

/** Writes a Secret of the namespace `n`; its values as one would write them under `stringData`. */
export async function writeSecret(
  kube: Kube,
  name: string,
  stringData: Readonly<Record<string, string>>,
): Promise<void> {
  const data = Object.fromEntries(
    Object.entries(stringData).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
  )
  const secret = { ...kinds.secret, metadata: { name, namespace: 'n' }, data }
  await kube.apply(secret)
}
