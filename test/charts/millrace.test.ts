import { expect } from 'chai'
import { parseAllDocuments } from 'yaml'
import { permissions } from '../../operator/kube/permissions.ts'
import { chartFolder, helm, notes, refusal, render } from './render.ts'
import { container, one, type Rule } from './rendered.ts'

const monitoring = ['--api-versions', 'monitoring.coreos.com/v1/PodMonitor']

const verbsOn = (rules: readonly Rule[], resource: string): readonly string[] =>
  rules.filter(({ resources }) => resources.includes(resource)).flatMap(({ verbs }) => verbs)

describe('charts/millrace', () => {
  it('starts the operator with what it must know about itself', async () => {
    const objects = await render('millrace', { image: { repository: 'r/m', tag: '9' } })
    const { args, image, env } = container(objects)
    expect(args).to.deep.equal(['operator'])
    expect(env).to.deep.equal([
      { name: 'MILLRACE_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } },
      { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'WATCH_NAMESPACES', value: '' },
      { name: 'MILLRACE_IMAGE', value: image },
      { name: 'LOG_LEVEL', value: 'info' },
    ])
    expect(image).to.equal('r/m:9')
  })

  it('asks the operator itself whether it lives and is ready', async () => {
    const { livenessProbe, readinessProbe, startupProbe } = container(await render('millrace'))
    expect(livenessProbe.httpGet).to.deep.equal({ path: '/healthz', port: 'http' })
    expect(startupProbe.httpGet).to.deep.equal(livenessProbe.httpGet)
    expect(readinessProbe.httpGet).to.deep.equal({ path: '/readyz', port: 'http' })
  })

  it('may act in all namespaces when none is named', async () => {
    const objects = await render('millrace')
    const role = one(objects, 'ClusterRole', 'flows:millrace')
    expect(one(objects, 'ClusterRoleBinding')).to.deep.include({
      roleRef: {
        apiGroup: 'rbac.authorization.k8s.io',
        kind: 'ClusterRole',
        name: role.metadata.name,
      },
      subjects: [{ kind: 'ServiceAccount', name: 'millrace', namespace: 'flows' }],
    })
    expect(objects.filter(({ kind }) => kind === 'Role')).to.have.length(1)
  })

  it('may act in the named namespaces only', async () => {
    const objects = await render('millrace', { watchNamespaces: ['a', 'b'] })
    expect(container(objects).env).to.deep.include({ name: 'WATCH_NAMESPACES', value: 'a,b' })
    const namespaces = (kind: string) =>
      objects
        .filter((object) => object.kind === kind && object.metadata.name === 'millrace')
        .map(({ metadata }) => metadata.namespace)
    expect(namespaces('Role')).to.deep.equal(['a', 'b'])
    expect(namespaces('RoleBinding')).to.deep.equal(['a', 'b'])
    expect(objects.filter(({ kind }) => kind === 'ClusterRoleBinding')).to.be.empty
  })

  it('grants what the operator says it does, no more and no less', async () => {
    const everywhere = one(await render('millrace'), 'ClusterRole', 'flows:millrace')
    expect(everywhere.rules).to.deep.equal(permissions)
    const namespaced = await render('millrace', { watchNamespaces: ['a'] })
    expect(one(namespaced, 'Role', 'millrace').rules).to.deep.equal(permissions)
  })

  it('grants of Secrets no more than to read one whose name is known', async () => {
    const { rules } = one(await render('millrace'), 'ClusterRole', 'flows:millrace')
    expect(verbsOn(rules, 'secrets')).to.deep.equal(['get'])
  })

  it('grants no wildcard, no escalation and no command in a pod', async () => {
    const roles = [
      ...(await render('millrace')),
      ...(await render('millrace', { watchNamespaces: ['a'] })),
    ].filter(({ kind }) => kind.endsWith('Role'))
    for (const { rules, metadata } of roles) {
      for (const { apiGroups, resources, verbs } of rules) {
        expect([...apiGroups, ...resources, ...verbs], metadata.name).not.to.include.oneOf([
          '*',
          'pods/exec',
          'escalate',
          'bind',
          'impersonate',
        ])
      }
    }
  })

  it('limits the operator to its own lease', async () => {
    const { rules } = one(await render('millrace'), 'Role', 'millrace-lease')
    const [create, own] = rules
    expect(create?.verbs).to.deep.equal(['create'])
    expect(own).to.deep.equal({
      apiGroups: ['coordination.k8s.io'],
      resources: ['leases'],
      resourceNames: ['millrace-operator'],
      verbs: ['get', 'update'],
    })
  })

  it('adds its kinds to the view, edit and admin roles of the cluster', async () => {
    const objects = await render('millrace')
    const view = one(objects, 'ClusterRole', 'flows:millrace:view')
    const edit = one(objects, 'ClusterRole', 'flows:millrace:edit')
    const label = (role: string) => `rbac.authorization.k8s.io/aggregate-to-${role}`
    expect(view.metadata.labels).to.include({ [label('view')]: 'true' })
    expect(edit.metadata.labels).to.include({ [label('edit')]: 'true', [label('admin')]: 'true' })
    expect(edit.metadata.labels).not.to.have.any.keys(label('view'))
    expect(verbsOn(view.rules, 'streamjobs')).to.have.members(['get', 'list', 'watch'])
    expect(verbsOn(edit.rules, 'streamjobs')).to.include('create')
    expect(verbsOn(edit.rules, 'streamjobs/scale')).to.include('patch')
    expect(verbsOn(edit.rules, 'streamjobs/status')).to.be.empty
    const none = await render('millrace', { rbac: { aggregate: false } })
    expect(none.filter(({ kind }) => kind === 'ClusterRole')).to.have.length(1)
  })

  it('installs the CRDs as crds/ has them, keeps them on removal, and leaves them out on request', async () => {
    const { stdout } = await helm([
      'template',
      'millrace',
      chartFolder('millrace'),
      '--show-only',
      'templates/crds.yaml',
    ])
    const crds = parseAllDocuments(stdout)
    const names = crds.map((crd) => crd.getIn(['metadata', 'name']))
    expect(names).to.have.members(['streamjobs.millrace.dev', 'topics.millrace.dev'])
    for (const crd of crds) {
      expect(crd.getIn(['metadata', 'annotations', 'helm.sh/resource-policy'])).to.equal('keep')
    }
    const without = await render('millrace', { crds: { enabled: false } })
    expect(without.some(({ kind }) => kind === 'CustomResourceDefinition')).to.equal(false)
  })

  it('limits disruption only where one operator may go', async () => {
    const kinds = async (values: object): Promise<readonly string[]> =>
      (await render('millrace', values)).map(({ kind }) => kind)
    expect(await kinds({})).not.to.include('PodDisruptionBudget')
    expect(await kinds({ replicas: 2 })).to.include('PodDisruptionBudget')
  })

  it('makes a PodMonitor where asked and known, and says so where it is not known', async () => {
    const values = { podMonitor: { enabled: true, labels: { team: 'x' } } }
    const monitor = one(await render('millrace', values, monitoring), 'PodMonitor')
    expect(monitor.metadata.labels).to.include({ team: 'x' })
    expect((await render('millrace', values)).some(({ kind }) => kind === 'PodMonitor')).to.be.false
    expect(await notes('millrace', values)).to.include('this cluster has no PodMonitor')
  })

  it('uses a service account that exists', async () => {
    const values = { serviceAccount: { create: false, name: 'given' } }
    const objects = await render('millrace', values)
    expect(objects.some(({ kind }) => kind === 'ServiceAccount')).to.equal(false)
    expect(one(objects, 'Deployment').spec.template.spec.serviceAccountName).to.equal('given')
    expect(one(objects, 'ClusterRoleBinding').subjects[0]).to.include({ name: 'given' })
  })

  it('refuses values that no operator could work with', async () => {
    expect(await refusal('millrace', { watchNamespaces: ['Not_A_Namespace'] })).to.include(
      '/watchNamespaces/0',
    )
    expect(await refusal('millrace', { logLevel: 'loud' })).to.include('/logLevel')
  })
})
