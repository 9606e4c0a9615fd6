import { writeFileSync } from 'node:fs'
import asc from 'assemblyscript/asc'

/** Folders with a `kernel/` in AssemblyScript, whose WebAssembly is committed as a module: nothing has to be found on disk at run time. */
const folders = ['runtime/fused', 'runtime/lz4']

export const kernels = folders.map((folder) => ({
  path: `${folder}/kernel-bytes.ts`,
  content: () => kernelModule(folder),
}))

async function kernelModule(folder: string): Promise<string> {
  const { error, stderr, binary } = await compile(`${folder}/kernel/index.ts`)
  if (error !== null || binary === undefined) throw new Error(stderr, { cause: error })
  const text = Buffer.from(binary).toString('base64')
  return [
    `// Generated from ${folder}/kernel/*.ts by \`npm run generate\`. Do not edit.`,
    `export const kernelBytes = '${text}'`,
    '',
  ].join('\n')
}

async function compile(source: string) {
  let binary: Uint8Array | undefined
  const stderr = asc.createMemoryStream()
  const { error } = await asc.main(
    [
      ...[source, '--outFile', 'kernel.wasm'],
      ...['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd'],
      // No start-up message, no abort import: the kernels throw nothing.
      ...['--use', 'abort=', '--disableWarning'],
    ],
    {
      writeFile: (_name, contents) => {
        binary = contents as Uint8Array
      },
      stderr,
    },
  )
  return { error, stderr: stderr.toString(), binary }
}

if (import.meta.main) {
  for (const { path, content } of kernels) writeFileSync(path, await content())
}
