import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { command } from '../support/command.ts'

/** A folder with just these packages unpacked, without a shell or a package manager. */
export async function unpackPackages(names: readonly string[], root: string): Promise<void> {
  const downloads = mkdtempSync(join(tmpdir(), 'millrace-debs-'))
  mkdirSync(root, { recursive: true })
  // apt drops root for downloads, and must be able to write there.
  await command(['chmod', '0777', downloads])
  await command(['apt-get', 'download', '-q', ...names], { cwd: downloads })
  for (const file of globSync('*.deb', { cwd: downloads })) {
    await command(['dpkg-deb', '-x', join(downloads, file), root])
  }
  rmSync(downloads, { recursive: true })
}

/** A minimal Debian with these packages installed, from the mirror that this machine's apt uses. */
export async function bootstrap(include: readonly string[], root: string): Promise<void> {
  const codename = /^VERSION_CODENAME=(\w+)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1]
  if (codename === undefined) throw new Error('/etc/os-release names no Debian release')
  const mirror = aptMirror()
  await command([
    'debootstrap',
    '--variant=minbase',
    `--include=${include.join(',')}`,
    codename,
    root,
    ...(mirror === undefined ? [] : [mirror]),
  ])
  for (const folder of [
    'var/cache/apt',
    'var/lib/apt/lists',
    'usr/share/doc',
    'usr/share/locale',
  ]) {
    rmSync(join(root, folder), { recursive: true, force: true })
  }
}

function aptMirror(): string | undefined {
  const lists = ['/etc/apt/sources.list', ...globSync('/etc/apt/sources.list.d/debian*')]
  const text = lists.filter((file) => existsSync(file)).map((file) => readFileSync(file, 'utf8'))
  return /^(?:URIs: |deb )(\S+)/m.exec(text.join('\n'))?.[1]
}
