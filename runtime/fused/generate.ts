import { writeFileSync } from 'node:fs'
import asc from 'assemblyscript/asc'

const TARGET = 'runtime/fused/kernel-bytes.ts'

/** `kernel/*.ts` is AssemblyScript; this is its WebAssembly as a module, so that nothing has to be found on disk at run time. */
export async function kernelModule(): Promise<string> {
  const { error, stderr, binary } = await compile()
  if (error !== null || binary === undefined) throw new Error(stderr, { cause: error })
  const text = Buffer.from(binary).toString('base64')
  return [
    '// Generated from runtime/fused/kernel/*.ts by `npm run generate`. Do not edit.',
    `export const kernelBytes = '${text}'`,
    '',
  ].join('\n')
}

async function compile() {
  let binary: Uint8Array | undefined
  const stderr = asc.createMemoryStream()
  const { error } = await asc.main(
    [
      ...['runtime/fused/kernel/index.ts', '--outFile', 'kernel.wasm'],
      ...['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd'],
      // No start-up message, no abort import: the kernel throws nothing.
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

if (import.meta.main) writeFileSync(TARGET, await kernelModule())
