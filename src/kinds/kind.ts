import type { Row, ServerVersion } from '../database/database.js'
import type { HazardCode } from '../hazards.js'
import type { Dependency, Ref, SchemaObject } from '../model/schema-object.js'
import type { Statement } from '../sql/statement.js'
import type { Change } from './change-hazards.js'

/** A row of a system catalog: `[catalog, oid, sub]`, such as `['pg_class', 16402, 3]` for a column. */
export type CatalogAddress = readonly [catalog: string, oid: number, sub?: number]

/** What `fromRow` may ask while a database is reflected. Objects of kinds earlier in the registry are known. */
export interface ReflectContext {
  readonly version: ServerVersion
  /** The object at a catalog address; undefined when no kind manages it. */
  objectAt(catalog: string, oid: number, sub?: number): SchemaObject | undefined
  /** The name of a relation's column. */
  columnName(relation: number, attnum: number): string
  /** How SQL addresses an object in COMMENT ON, GRANT, OWNER TO: `COLUMN app.users.email`. */
  addressOf(object: SchemaObject): string | null
}

/** What `fromRow` gives back. */
export interface Reflected<O extends SchemaObject> {
  readonly object: O
  /** Further catalog rows that are this object, such as a table's row type. */
  readonly aliases?: readonly CatalogAddress[]
  /** What it needs according to catalogs other than pg_depend, when its attributes do not tell; or what another object does, named by `from`. */
  readonly dependencies?: readonly (Omit<Dependency, 'from'> & Partial<Pick<Dependency, 'from'>>)[]
}

/** What `alter` may ask: both models, and whether a type is one that a migration replaces under the same name. */
export interface AlterContext {
  readonly version: ServerVersion
  object(side: 'from' | 'to', ref: Ref): SchemaObject | undefined
  children(side: 'from' | 'to', ref: Ref): readonly SchemaObject[]
  /** What needs an object, its parts among them. */
  neededBy(side: 'from' | 'to', ref: Ref): readonly SchemaObject[]
  /** Whether the migration drops the object and creates it anew. */
  replaced(ref: Ref): boolean
  /**
   * Whether applications go on using a table, or what else it is, while the migration runs: it is there before and after. Statements then
   * take the forms that block least, even where these are several.
   */
  inUse(ref: Ref): boolean
  /** Whether something holds a name, as `occupies` gives it, that no kind manages because it does nothing: an index whose build failed. */
  isLeftOver(place: string): boolean
  /** The object with the text its author wrote, where that is known: for a statement that repeats the whole of it. */
  authored<O extends SchemaObject>(object: O): O
}

/** How an object is altered in place. */
export interface Alteration {
  readonly statements: readonly Statement[]
  /**
   * PostgreSQL refuses the statements while other objects depend on this one: those of kinds that do not follow
   * (`followsAlteration`) are dropped before and created again after.
   */
  readonly displaces?: boolean | ((dependent: SchemaObject) => boolean)
  /** When PostgreSQL takes none of the alternatives of a statement, the object is replaced and its data is lost. */
  readonly elseReplace?: boolean
  /** What of the data is lost, when something is. */
  readonly loses?: string
  /** Its values are of another type: what reads them and was not made anew with it may fail. */
  readonly retypes?: true
}

/** A table whose rows can be taken in batches. */
export interface RowsInBatches {
  /** As SQL names it. */
  readonly table: string
  /** A column of it by whose ranges its rows can be taken. */
  readonly key: string
  /** What fails, before any are taken, where not all of them would be. */
  readonly guard?: Statement
}

/**
 * How something that holds a value for each row becomes what it shall be step by step, where one statement would write all rows anew: it is created
 * empty, filled in batches, and takes over what the one before it did, if there is one.
 */
export interface GradualChange<O extends SchemaObject = SchemaObject> extends RowsInBatches {
  /** What is created at first, which demands nothing of rows: under a name of its own while another one is in use. */
  readonly begin: O
  /** The same with all that it demands. */
  readonly filled: O
  /** What it is set to in a row, in SQL: forms of which PostgreSQL takes at least one. `before`: how SQL names the one in use. */
  readonly values: readonly ((before: string) => string)[]
  /** Which rows have none yet. */
  readonly where: string
  /** What fills it while others write rows, and what ends that. */
  readonly sync?: (value: (before: string) => string) => { readonly start: readonly Statement[]; readonly stop: readonly Statement[] }
}

/** How something keeps its old name, for code of the release before, while it has the new one. */
export interface Bridge<O extends SchemaObject = SchemaObject> {
  /** What makes both names good, and what takes that back. */
  readonly start: readonly Statement[]
  readonly undo: readonly Statement[]
  /** What is run for an object that keeps the old name when that comes back, beside its creation. */
  readonly back?: { readonly ref: Ref; readonly statements: readonly Statement[] }
  /** Where the two names are two objects that hold the same values: the new one, and how each is filled from the other. */
  readonly copy?: RowsInBatches & {
    readonly begin: O
    readonly filled: O
    readonly forth: BridgeFill
    readonly back: BridgeFill
  }
}

/** What a column of rows that are not right yet is set to, in SQL. */
export interface BridgeFill {
  readonly column: string
  readonly value: string
  readonly where: string
}

/** What a change costs those who use the object, beyond what scratch shows. */
export interface KindHazard {
  readonly code: HazardCode
  /** The consequence, in words that follow the name of the object. */
  readonly message: string
  /** What to do instead. */
  readonly instead?: string
  /** A query that counts the rows because of which it fails. */
  readonly count?: string
  /** Not only code of the release before fails on it, but that of the next one too until it ran: there is no right moment for it. */
  readonly breaksNextRelease?: true
}

/** Code of one object in `schema.ts`. */
export interface PrintedCode {
  /**
   * `export`: a statement of its own, `export const <variable> = <code>`; `column`: a property of its parent's column list,
   * `<key>: <code>`; `element`: an element of its parent's callback list; `suffix`: a method call appended to its parent's code,
   * `.comment('…')`; `none`: the parent's own code already says it.
   */
  readonly place: 'export' | 'column' | 'element' | 'suffix' | 'none'
  readonly code: string
  /** What to export instead of a `suffix` when the parent has no code of its own to append it to. */
  readonly alone?: { readonly code: string; readonly variable: string }
  /** The property name of a `column`. */
  readonly key?: string
  /** A wish for the variable of an `export`; made unique and valid by the printer. */
  readonly variable?: string
}

/** What `print` may use; every text from a database goes through one of these, so that none of it can become code. */
export interface Printer {
  readonly version: ServerVersion
  /** A string literal. */
  string(text: string): string
  /** An sql`…` literal. */
  sql(text: string): string
  /** A literal of any JSON value, keys without quotes where they can be; `undefined` members are left out. */
  literal(value: unknown): string
  /** Marks a name of `pg-autogen/schema` as imported and returns it. */
  use(name: string): string
  /** The variable that holds an object, when it is exported before this one; else undefined. */
  variable(ref: Ref): string | undefined
  /** A property name in an object literal: `email` or `'e-mail'`. */
  property(name: string): string
  /** A property access on a table's columns: `t.email` or `t['e-mail']`. */
  member(base: string, name: string): string
  object(ref: Ref): SchemaObject | undefined
  children(ref: Ref): readonly SchemaObject[]
  /** Code of the children at a place, in order; parents call it for `column` and `element`. */
  printed(ref: Ref, place: 'column' | 'element'): readonly PrintedCode[]
}

/** The first major that has something, and its name as the manual calls it, with its article. */
export type VersionNeed = readonly [since: number, what: string]

/**
 * Everything the stages need to know about one kind of object. One `defineKind` per file; members in this order. `build`, the
 * authoring API, is what the file exports beside it.
 */
export interface Kind<O extends SchemaObject = SchemaObject> {
  /** First part of every ref of this kind; singular, snake_case. */
  readonly kind: string
  /** Breaks ties in order: lower is created earlier and dropped later. See PHASES. */
  readonly phase: number
  /** The phase of an object that has another one than its kind. */
  readonly phaseOf?: (object: O) => number
  /** The catalog that the first column of `catalogQuery` is an oid of. */
  readonly catalog: string
  /** Tables that `catalogQuery` reads besides the catalogs, qualified: a database that lacks one has no object of this kind. */
  readonly reads?: readonly string[]
  /** Names that its code in `schema.ts` imports from elsewhere than this package: `{ currency: './currencies.ts' }`. */
  readonly imports?: Readonly<Record<string, string>>
  /**
   * A child whose kind folds is written inside its parent's CREATE, through `fragment`, when both are created together and no
   * order of dependencies forbids it.
   */
  readonly folds?: (object: O) => boolean
  /**
   * Its attributes hold text that PostgreSQL prints from a parsed expression, and that may change when it is read once more
   * (`x IN ('a', 'b')` over varchar): such a difference counts only when it stays after both texts went through scratch equally often.
   */
  readonly holdsExpressions?: (object: O) => boolean
  /** PostgreSQL itself keeps objects of this kind right when something they depend on is altered in place, from `old` to `next`. */
  readonly followsAlteration?: (object: O, old: SchemaObject, next: SchemaObject) => boolean
  /**
   * Replacing it would lose data that other objects hold: it is renamed aside, created anew, the dependents that can `rebind`
   * are moved over, and the old one is dropped.
   */
  readonly replacedAside?: boolean
  /** The schema it lies in, for the scope; null for what belongs to the whole database. Default: `id.schema`, or null. */
  readonly schemaOf?: (object: O) => string | null
  /**
   * The setting of `manage` that decides, beside the one for schemas, whether it takes part; `versions` takes part where it is declared.
   * Its `id.target` names what it is about. `roles`: it belongs to the whole server, `id.target` is the name of a role, and it is only
   * read where roles take part.
   */
  readonly concern?: 'privileges' | 'owners' | 'versions' | 'roles' | 'databaseSettings'
  /** Objects of this kind that every new database already has. */
  readonly initial?: readonly O[]
  /** A database in which nobody made anything may have it all the same, from its template or server. */
  readonly mayComeAlong?: boolean
  /** The name it occupies in a namespace that other kinds share, such as `relation app.users`; two objects cannot hold one name at once. */
  readonly occupies?: (object: O) => readonly string[]
  /**
   * One set-based SELECT over the catalogs, the first two columns being the oid of its row in `catalog` and the sub-id (0, or a
   * column's number). Objects of extensions, of temporary schemas and below oid 16384 are left out by the query. Null: this major has none.
   */
  catalogQuery(version: ServerVersion): string | null
  fromRow(row: Row, context: ReflectContext): Reflected<O> | null
  /** What the object needs beyond its parent and pg_depend, `auto` when it vanishes with it; or what another one does, named by `from`. */
  dependencies?(object: O): readonly (Omit<Dependency, 'from'> & Partial<Pick<Dependency, 'from'>>)[]
  /** What in it PostgreSQL has only from a major on: `[18, 'a virtual generated column']`. */
  versionNeeds?(object: O): readonly VersionNeed[]
  /** The roles it names, which must exist before it. */
  roles?(object: O): readonly string[]
  /** PostgreSQL may refuse to create it apart from its parent: then the parent is replaced, which brings it along. */
  readonly elseReplacesParent?: boolean
  /**
   * The object as code can live with it that knows nothing of it, while code of another release uses it: after it is created and before all code does, or
   * after code stopped to and before it is dropped. Undefined: that code can live with it as it is.
   */
  meanwhile?(object: O, context: AlterContext): O | undefined
  /** The same object, created in the way that blocks least when what it belongs to is in use. Its attributes are the same. */
  whileInUse?(object: O, context: AlterContext): O
  /** What needs what for that, beyond what the model says. */
  needsInUse?(object: O, context: AlterContext): readonly Dependency[]
  /** Another one is made before this one goes, which gives it its name. */
  standsAside?(from: O, to: O, context: AlterContext): boolean
  /** The statements that create it; `parts` are the children that were folded into it, in their order. `context`: both states of what is carried out. */
  create(object: O, parts: readonly SchemaObject[], fragments: readonly string[], context?: AlterContext): readonly Statement[]
  /**
   * The statement that creates it once more over itself: run with `check_function_bodies`, it lets PostgreSQL read a text that it
   * otherwise just keeps.
   */
  reread?(object: O): Statement
  /** Its text inside its parent's CREATE; `parts` and `context` as in `create` (a default inside a column). */
  fragment?(object: O, parts: readonly SchemaObject[], fragments: readonly string[], context?: AlterContext): string
  /** The object with whose creation (or alteration) PostgreSQL creates this one too, so that it needs no statement; `created` tells what else is. */
  createsImplicitly?(object: O, context: AlterContext, created: (ref: Ref) => boolean): Ref | null
  drop(object: O, context?: AlterContext): readonly Statement[]
  /**
   * False: needs a drop of its own although something it auto-depends on is dropped too; a ref: vanishes with this one, and
   * cannot be dropped by itself. `dropped` tells what else is dropped.
   */
  dropsImplicitly?(object: O, dropped: (ref: Ref) => boolean, context: AlterContext): boolean | Ref
  /** PostgreSQL cannot take it off a parent that stays, or alter it there: the parent, or the object of a ref, is replaced for it. */
  replacesParent?(object: O, context: AlterContext): boolean | Ref
  alter(from: O, to: O, context: AlterContext): Alteration | 'replace'
  /** How it is created, or altered, in steps that make nobody wait; a text says why there is no such way. */
  gradually?(from: O | undefined, to: O, context: AlterContext): GradualChange<O> | string
  /** How code of the release before goes on using it under its old name; a text says why it cannot. */
  bridge?(from: O, to: O, context: AlterContext): Bridge<O> | string
  /**
   * Of this kind its parent has one only: what is built beside the one in use, under the name that `beside` has, and then takes its place as `to`. Undefined:
   * it can be created beside it, and renamed.
   */
  succeeds?(beside: O, to: O): { readonly build: readonly Statement[]; readonly take: readonly Statement[] } | undefined
  /** It is altered before the object `need` is, which it needs: afterwards PostgreSQL would refuse. */
  altersBefore?(from: O, to: O, need: Ref, context: AlterContext): boolean
  /** Creating it reads the rows that there are: where another one is to take its place, that is made beside it first. */
  readonly readsRows?: true
  /** Two objects on one parent that differ only in their name are taken for one that was renamed: nothing of the user's is lost if that is wrong. */
  readonly recognizedWhenRenamed?: boolean
  /** The same for an object without a parent that belongs to another one, as its parts tell: the ref of that. */
  belongsTo?(parts: readonly SchemaObject[]): Ref | undefined
  /** The statements that give it another name, when PostgreSQL can. */
  rename?(from: O, to: O): readonly Statement[]
  /**
   * The statements of an alteration with which names of other objects change, as when an extension moves to another schema; undefined when it is no
   * such. It runs before everything else, as renames do, and the rest is looked at again.
   */
  move?(from: O, to: O): readonly Statement[] | undefined
  /** The same object under another name, for a rename aside. Required with `replacedAside`. */
  renamed?(object: O, name: string): O
  /**
   * The same object after what it needs was renamed aside from `old` to `aside`, with `places` (see `occupies`) by those before and
   * `convert` as `conversion` gives it; null when it cannot be moved and must be created again.
   */
  rebind?(
    object: O,
    old: SchemaObject,
    aside: SchemaObject,
    places: ReadonlyMap<string, string>,
    convert: ((value: string) => string) | undefined,
  ): O | null
  /** What turns a value of a type into one of the type that replaces it, in SQL, where it is not enough to read its text as the new type. */
  conversion?(from: O, to: O): ((value: string) => string) | undefined
  /** It goes on by itself while something it depends on is replaced, as a partition does while its parent is; `rebuilt` tells what else is. */
  outlives?(object: O, replaced: SchemaObject, rebuilt: (ref: Ref) => boolean): boolean
  /** The object to render when its author's text is at hand: `reflected` with the texts of `declared`. */
  authored?(declared: O, reflected: O): O
  /** What is left of it where something is gone that only a part of it is about, such as one of the columns that a role may read; null when nothing is. */
  without?(object: O, isGone: (ref: Ref) => boolean): O | null
  /** How SQL addresses it: `TABLE app.users`; null when nothing can be attached to it. */
  address(object: O): string | null
  /** Dropped only after its parent was altered, which cuts it loose from what it came from. */
  dropsAfterAlteration?(object: O, context: AlterContext): boolean
  /** What is dropped before it (`first`), because that holds it fast, or after it; `dropped` tells what is dropped at all. */
  dropOrder?(object: O, dropped: (ref: Ref) => boolean): readonly { readonly ref: Ref; readonly first: boolean }[]
  /** A text in it that PostgreSQL keeps as it is, without comments: it does not know what the text names. */
  text?(object: O): string | undefined
  /** It has an index of its own: one that keeps rows apart as well (`distinct`), or that is built after it, piece by piece (`inPieces`). */
  indexes?(object: O): { readonly distinct?: boolean; readonly inPieces?: boolean } | undefined
  /** It stays, and allows less than before: code of the release before may need what it no longer allows. */
  takesAway?(from: O, to: O): boolean
  /** All it does is to forbid: what code may do with it, it may do without it. */
  onlyForbids?(object: O): boolean
  /** What is lost when it is dropped; undefined when nothing is. Stands in the file and in reviews. */
  dropLoses?(object: O, context?: AlterContext): string | undefined
  /** What a change of something in use costs, beyond the loss of data and what can be seen in scratch. */
  hazards?(change: Change<O>, context: AlterContext): readonly KindHazard[]
  print(object: O, printer: Printer): PrintedCode
}

/** Declares a kind; the result fits the registry, where the stages see every kind alike. */
export function defineKind<O extends SchemaObject>(kind: Kind<O>): Kind {
  return kind as unknown as Kind
}

/** Order of creation where dependencies leave it open. */
export const PHASES = {
  role: 0,
  membership: 2,
  setting: 4,
  schema: 10,
  extension: 20,
  language: 25,
  foreign: 27,
  type: 30,
  sequence: 40,
  routine: 50,
  operator: 55,
  table: 60,
  column: 61,
  default: 62,
  attachment: 64,
  constraint: 66,
  index: 68,
  indexAttachment: 69,
  foreignKey: 70,
  view: 74,
  materializedView: 78,
  rule: 80,
  trigger: 82,
  policy: 84,
  statistics: 86,
  publication: 88,
  comment: 90,
  owner: 92,
  privilege: 94,
  defaultPrivilege: 96,
  eventTrigger: 98,
} as const
