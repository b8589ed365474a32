/** Things by their names in SQL: a name without a schema is taken for that of every schema, since the search path is not known. */
export class Names<Thing> {
  readonly #things = new Map<string, { schema: string | undefined; thing: Thing }[]>()

  get(name: string): Thing | undefined {
    const [schema, bare] = parts(name)
    return this.#things.get(bare)?.find((each) => schema === undefined || each.schema === undefined || each.schema === schema)?.thing
  }

  set(name: string, thing: Thing): void {
    this.delete(name)
    const [schema, bare] = parts(name)
    this.#things.set(bare, [...(this.#things.get(bare) ?? []), { schema, thing }])
  }

  delete(name: string): void {
    const [schema, bare] = parts(name)
    const left = (this.#things.get(bare) ?? []).filter((each) => each.schema !== schema)
    this.#things.set(bare, left)
  }

  values(): Thing[] {
    return [...this.#things.values()].flatMap((list) => list.map(({ thing }) => thing))
  }
}

/** Whether two names may be of the same object. */
export function sameName(one: string, other: string): boolean {
  const [[schema, bare], [otherSchema, otherBare]] = [parts(one), parts(other)]
  return bare === otherBare && (schema === undefined || otherSchema === undefined || schema === otherSchema)
}

/** A name without its schema. */
export function bareName(name: string): string {
  return parts(name)[1]
}

function parts(name: string): [string | undefined, string] {
  const dot = name.lastIndexOf('.')
  return dot < 0 ? [undefined, name] : [name.slice(0, dot), name.slice(dot + 1)]
}
