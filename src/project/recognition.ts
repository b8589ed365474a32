import { cacheKey, DiskCache } from '../declaration/disk-cache.js'
import type { UnmanagedObject } from '../model/schema-object.js'
import type { Project } from './project.js'

/** Catalogs in which a comparison with `schema.ts` found nothing to do. */
interface State {
  readonly fingerprint: string
  readonly unmanaged: readonly UnmanagedObject[]
}

/** States that are kept for one `schema.ts` and database. */
const KEPT = 3

/** Remembers from check to check what was found in sync, so that a database in which nothing happened need not be read again. */
export class Recognition {
  private constructor(
    readonly disk: DiskCache,
    readonly name: string,
    /** Nothing is remembered where a function decides what is compared. */
    readonly isIdle: boolean,
  ) {}

  /** For what this project declares and the database it is compared with. */
  static async of(project: Project): Promise<Recognition> {
    const { scratch, versionSchema, filter, custom } = project.settings
    const { digest, scope } = await project.declared()
    const { label, version } = await project.live()
    const key = cacheKey(digest, JSON.stringify(scope ?? null), label, version.number, scratch, versionSchema, filter?.key ?? '', custom?.key ?? '')
    return new Recognition(new DiskCache(project.cacheFolder), `seen-${key}`, filter?.isFree ?? false)
  }

  async find(fingerprint: string): Promise<State | undefined> {
    return (await this.#states()).find((state) => state.fingerprint === fingerprint)
  }

  async remember(state: State): Promise<void> {
    if (this.isIdle) return
    await this.disk.write(this.name, [state, ...(await this.#states())].slice(0, KEPT))
  }

  async #states(): Promise<readonly State[]> {
    return this.isIdle ? [] : ((await this.disk.read<readonly State[]>(this.name)) ?? [])
  }
}
