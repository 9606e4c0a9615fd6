import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect } from 'chai'

/**
 * Who may import whom, by the longest matching prefix of the importing file. A path names a folder or a file of ours.
 * Third-party doors are lint rules (`eslint.config.js`).
 */
const allowed: Readonly<Record<string, readonly string[]>> = {
  'crds/': ['crds/'],

  'runtime/': [],
  'runtime/config.ts': [],
  'runtime/errors.ts': [],
  'runtime/platform/': ['runtime/platform/'],
  'runtime/serde/': ['runtime/serde/', 'runtime/errors.ts', 'runtime/config.ts'],
  'runtime/expr/': [
    'runtime/expr/',
    'runtime/errors.ts',
    'runtime/topology/record.ts',
    'runtime/platform/did-you-mean.ts',
  ],
  'runtime/lz4/': ['runtime/lz4/'],
  'runtime/broker/': ['runtime/broker/', 'runtime/lz4/', 'runtime/platform/', 'runtime/errors.ts'],
  'runtime/topology/': [
    'runtime/topology/',
    'runtime/expr/',
    'runtime/config.ts',
    'runtime/errors.ts',
    'runtime/serde/',
    'runtime/platform/did-you-mean.ts',
  ],
  'runtime/dsl/': [
    'runtime/dsl/',
    'runtime/topology/',
    'runtime/config.ts',
    'runtime/errors.ts',
    'runtime/serde/',
    'runtime/expr/aggregates/',
    'runtime/platform/did-you-mean.ts',
    'runtime/platform/own-files.ts',
  ],
  'runtime/processors/': [
    'runtime/processors/',
    'runtime/topology/',
    'runtime/state/store.ts',
    'runtime/serde/',
    'runtime/errors.ts',
    'runtime/config.ts',
    'runtime/broker/',
    'runtime/platform/did-you-mean.ts',
  ],
  'runtime/fused/': [
    'runtime/fused/',
    'runtime/topology/',
    'runtime/expr/',
    'runtime/state/appended-window-store.ts',
    'runtime/state/byte-key-value-store.ts',
    'runtime/state/column-store.ts',
    'runtime/state/column-session-store.ts',
    'runtime/state/column-stores.ts',
    'runtime/state/column-window-store.ts',
    'runtime/state/key-index.ts',
    'runtime/broker/',
    'runtime/config.ts',
  ],
  'runtime/state/': [
    'runtime/state/',
    'runtime/topology/store-spec.ts',
    'runtime/serde/',
    'runtime/broker/',
    'runtime/platform/',
    'runtime/errors.ts',
  ],
  'runtime/tasks/': [
    'runtime/tasks/',
    'runtime/topology/',
    'runtime/processors/',
    'runtime/fused/',
    'runtime/state/',
    'runtime/broker/',
    'runtime/serde/',
    'runtime/platform/',
    'runtime/expr/',
    'runtime/errors.ts',
    'runtime/config.ts',
  ],
  'runtime/lint.ts': [
    'runtime/topology/',
    'runtime/config.ts',
    'runtime/errors.ts',
    'runtime/expr/',
  ],
  'runtime/upgrade.ts': ['runtime/topology/', 'runtime/config.ts'],
  'runtime/job-topology.ts': [
    'runtime/topology/',
    'runtime/config.ts',
    'runtime/errors.ts',
    'runtime/lint.ts',
  ],
  'runtime/testing/': ['runtime/'],
  'runtime/index.ts': ['runtime/dsl/', 'runtime/topology/', 'runtime/serde/'],
  'runtime/instance.ts': ['runtime/'],
  'runtime/threads/': ['runtime/'],
  'runtime/instance-metrics.ts': ['runtime/config.ts', 'runtime/platform/metrics.ts'],
  'runtime/main.ts': ['runtime/'],

  'operator/': [],
  'operator/errors.ts': [],
  'operator/config.ts': [],
  'operator/engine/': [
    'operator/engine/',
    'crds/',
    'operator/kube/',
    'operator/errors.ts',
    'runtime/platform/',
  ],
  'operator/kube/': [
    'operator/kube/',
    'operator/engine/',
    'operator/errors.ts',
    'runtime/platform/',
  ],
  'operator/kafka/': [
    'operator/kafka/',
    'operator/kube/',
    'operator/errors.ts',
    'crds/',
    'runtime/broker/',
    'runtime/platform/',
  ],
  'operator/topic/': [
    'operator/topic/',
    'operator/engine/',
    'operator/kube/',
    'operator/kafka/',
    'operator/errors.ts',
    'crds/',
    'runtime/platform/',
  ],
  'operator/streamjob/': [
    'operator/streamjob/',
    'operator/engine/',
    'operator/kube/',
    'operator/kafka/',
    'operator/errors.ts',
    'crds/',
    'runtime/config.ts',
    'runtime/lint.ts',
    'runtime/upgrade.ts',
    'runtime/errors.ts',
    'runtime/platform/',
  ],
  // Dev mode runs pods in its own process: the one place where both halves meet.
  'operator/local/': [
    'operator/',
    'crds/',
    'runtime/instance.ts',
    'runtime/config.ts',
    'runtime/errors.ts',
    'runtime/broker/',
    'runtime/platform/',
  ],
  'operator/main.ts': ['operator/', 'crds/', 'runtime/platform/', 'runtime/config.ts'],

  'dashboard/': ['dashboard/', 'runtime/platform/', 'runtime/config.ts'],
  'cli/': ['cli/', 'crds/', 'operator/', 'runtime/', 'dashboard/'],
  'pulumi/': ['pulumi/'],
  'examples/': ['examples/'],
  'build/': ['build/'],
}

/** Decisions only: nothing here waits, reads a clock, rolls dice or looks at the process. */
const pure = [
  'crds/!(generate).ts',
  'operator/*/{plan,policies,phase,status,state-change}.ts',
  'operator/*/desired/*.ts',
  'operator/engine/{backoff,conditions}.ts',
  'runtime/topology/*.ts',
  'runtime/tasks/{assignor,error-policy,task-state}.ts',
  'runtime/threads/merged-status.ts',
  'runtime/{lint,upgrade}.ts',
]

const sources = globSync('{build,crds,runtime,operator,dashboard,cli,pulumi,examples}/**/*.ts')

function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8')
  const specifiers = text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)
  return [...specifiers].map(([, specifier]) => normalize(join(dirname(file), specifier ?? '')))
}

function rulesFor(file: string): readonly string[] | undefined {
  const prefix = Object.keys(allowed)
    .filter((candidate) => file.startsWith(candidate))
    .sort((a, b) => b.length - a.length)[0]
  return prefix === undefined ? undefined : allowed[prefix]
}

const withoutComments = (text: string) => text.replace(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*$/gm, '')

describe('architecture', () => {
  it('finds the sources', () => {
    expect(sources.length).to.be.greaterThan(20)
  })

  it('imports only in the allowed directions', () => {
    const offences = sources.flatMap((file) =>
      importsOf(file)
        .filter((target) => !rulesFor(file)?.some((prefix) => target.startsWith(prefix)))
        .map((target) => `${file} may not import ${target}`),
    )
    expect(offences).to.deep.equal([])
  })

  it('keeps decisions free of waiting, clocks, dice and the process', () => {
    const forbidden =
      /\bawait\b|\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bprocess\.|\bperformance\./
    const offences = globSync(pure).flatMap((file) => {
      const found = forbidden.exec(withoutComments(readFileSync(file, 'utf8')))
      return found === null ? [] : [`${file}: ${found[0]}`]
    })
    expect(offences).to.deep.equal([])
  })

  it('reads the environment only where a process starts', () => {
    const offences = sources
      .filter((file) => !/(main|config)\.ts$|^cli\/|^pulumi\//.test(file))
      .filter((file) => withoutComments(readFileSync(file, 'utf8')).includes('process.env'))
    expect(offences).to.deep.equal([])
  })
})
