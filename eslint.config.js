import tseslint from 'typescript-eslint'

/** A third-party client is imported behind one door; everyone else asks the door's port. */
const doors = [
  {
    files: ['operator/kube/**', 'test/**'],
    module: '@kubernetes/client-node',
    port: 'operator/kube/kube.ts',
  },
  {
    files: ['runtime/broker/**', 'test/**'],
    module: '@platformatic/kafka',
    port: 'runtime/broker/broker.ts',
  },
  {
    files: ['operator/kafka/**', 'test/**', 'examples/**'],
    module: 'kafkajs',
    port: 'operator/kafka/kafka-admin.ts',
  },
  { files: ['runtime/expr/**', 'test/**'], module: '@bufbuild/cel', port: 'runtime/expr' },
  {
    files: ['runtime/platform/**', 'test/**'],
    module: 'winston',
    port: 'runtime/platform/logger.ts',
  },
  {
    files: ['runtime/platform/**', 'test/**'],
    module: 'prom-client',
    port: 'runtime/platform/metrics.ts',
  },
]

const restrict = (modules) => [
  'error',
  {
    paths: modules.map(({ module, port }) => ({ name: module, message: `Go through ${port}.` })),
  },
]

export default tseslint.config(
  // The kernels are AssemblyScript, whose types are not TypeScript's; its compiler checks them.
  { ignores: ['dist', 'node_modules', 'runtime/*/kernel', 'runtime/*/kernel-bytes.ts'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      complexity: ['error', 10],
      'max-depth': ['error', 3],
      'max-params': ['error', 4],
      'max-lines-per-function': ['error', { max: 40, skipBlankLines: true, skipComments: true }],
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'no-restricted-imports': restrict(doors),
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/no-misused-promises': [
        'error',
        { checksVoidReturn: { inheritedMethods: false } },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/require-await': 'off',
    },
  },
  ...doors.map((door) => ({
    files: door.files,
    rules: { 'no-restricted-imports': restrict(doors.filter((d) => !sharesFiles(d, door))) },
  })),
  {
    files: ['test/**'],
    rules: {
      'no-restricted-imports': 'off',
      // A suite is one long describe(); the limit that matters is on the functions it calls.
      'max-lines-per-function': 'off',
      'max-lines': ['error', { max: 500, skipBlankLines: true, skipComments: true }],
      '@typescript-eslint/no-unused-expressions': 'off',
    },
  },
)

function sharesFiles(a, b) {
  return a.files[0] === b.files[0]
}
