import type { Declaration } from '../authoring/declared.js'
import { compareModels, type Comparison } from './compare.js'
import type { Project, ScratchWish } from './project.js'
import { provingGround } from './proving-ground.js'
import type { Source } from './sources.js'
import { openSource, type OpenSource, type State } from './states.js'

/** What separates two sources, and what the author of `to` wrote. */
export interface SourceComparison extends Comparison {
  readonly declarations: readonly Declaration[]
}

/**
 * Compares any two states, like with like: what is only text is read by scratch, which resembles the database that takes part, if
 * one does. Databases are only read.
 *
 * @throws AutogenError when the two cannot be compared
 */
export async function compareSources(project: Project, fromSource: Source, toSource: Source): Promise<SourceComparison> {
  const opened = { from: await openSource(project, fromSource), to: await openSource(project, toSource) }
  const wish = await wishFor(project, opened)
  const { from, to } = await readBoth(opened, wish)
  const scope = { restrict: (model: State['model']) => to.scope.restrict(from.scope.restrict(model)) }
  const whole = await project.wholeScope([...(from.loaded?.outline ?? []), ...(to.loaded?.outline ?? [])])
  const result = await compareModels({
    from: from.model,
    to: to.model,
    scope,
    ground: async (state) => {
      const another = () => project.openScratch(wish)
      const scratch = await another()
      project.begin('rebuilding the first state in scratch')
      let second: ReturnType<typeof another> | undefined
      return provingGround({ state, scratch, another, second: () => (second ??= another()), whole, stated: scope, begin: (stage) => project.begin(stage) })
    },
  })
  return {
    ...result,
    liveVersion: from.liveVersion ?? to.liveVersion ?? result.to.version,
    unmanaged: unmanagedOf(scope.restrict(from.model), scope.restrict(to.model)),
    declarations: to.loaded?.declarations ?? [],
  }
}

type Both<T> = { readonly from: T; readonly to: T }

/** Scratch on the server needs one, also when neither side is a database: then it is that of the project. */
async function wishFor(project: Project, { from, to }: Both<OpenSource>): Promise<ScratchWish> {
  const { scratch, database: url } = project.settings
  const near = from.live ?? to.live ?? (scratch === 'server' ? { database: await project.live(), url } : undefined)
  return {
    live: near?.database ?? null,
    liveUrl: near?.url,
    extensions: [...new Set([...from.needs.extensions, ...to.needs.extensions])],
    roles: [...new Set([...(from.needs.roles ?? []), ...(to.needs.roles ?? [])])],
  }
}

/** What leans on the other side is read last. */
async function readBoth({ from, to }: Both<OpenSource>, wish: ScratchWish): Promise<Both<State>> {
  if (from.leans && !to.leans) {
    const state = await to.read(wish, undefined)
    return { from: await from.read(wish, state.model), to: state }
  }
  const state = await from.read(wish, undefined)
  return { from: state, to: await to.read(wish, from.leans ? undefined : state.model) }
}

function unmanagedOf(...models: readonly State['model'][]): Comparison['unmanaged'] {
  const found = new Map(models.flatMap(({ unmanaged }) => unmanaged.map((object) => [`${object.type} ${object.identity}`, object] as const)))
  return [...found.values()]
}
