import { createHash } from 'node:crypto'
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { cacheDir, withLock } from '../support/cache.ts'
import { command, hasCommand } from '../support/command.ts'

/** A Maven project of ours. */
export interface JavaProject {
  /** Of its folder in the cache, and in errors. */
  readonly name: string
  readonly dir: string
  /** Its `finalName`. */
  readonly jar: string
}

/** Why the project cannot be run here; undefined when it can. */
export async function missingForBuild(project: JavaProject): Promise<string | undefined> {
  if (!(await hasCommand('java'))) return `${project.name} needs java (17 or later)`
  if (existsSync(libsOf(project)) || (await hasCommand('mvn'))) return undefined
  return `building ${project.name} needs Maven (mvn)`
}

/** The folder with the jar of the project and those that it needs, built the first time and whenever its sources change. */
export async function builtJars(
  project: JavaProject,
  log: (line: string) => void,
): Promise<string> {
  const libs = libsOf(project)
  if (existsSync(libs)) return libs
  const missing = await missingForBuild(project)
  if (missing !== undefined) throw new Error(missing)
  return withLock(project.name, async () => {
    if (existsSync(libs)) return libs
    log(`building ${project.name} with Maven (about 20 s, once)`)
    const work = `${libs}.partial`
    rmSync(work, { recursive: true, force: true })
    mkdirSync(work, { recursive: true })
    cpSync(project.dir, work, { recursive: true })
    const copyLibs = [
      'dependency:copy-dependencies',
      '-DincludeScope=runtime',
      '-DoutputDirectory=libs',
    ]
    await command(['mvn', '-q', '-B', 'package', ...copyLibs], { cwd: work })
    renameSync(join(work, 'target', `${project.jar}.jar`), join(work, 'libs', `${project.jar}.jar`))
    renameSync(join(work, 'libs'), libs)
    rmSync(work, { recursive: true, force: true })
    return libs
  })
}

const libsOf = (project: JavaProject): string =>
  join(cacheDir, project.name, sourcesHash(project.dir))

function sourcesHash(dir: string): string {
  const hash = createHash('sha256')
  for (const file of globSync('{pom.xml,src/**/*.java}', { cwd: dir }).sort()) {
    hash.update(file).update(readFileSync(join(dir, file)))
  }
  return hash.digest('hex').slice(0, 12)
}
