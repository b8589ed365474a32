import type { ServerVersion } from '../database/database.js'
import { refOf } from '../model/object-ref.js'
import type { QualifiedName, RelationPart, SchemaObject } from '../model/schema-object.js'
import { qualified, quoteIdent } from '../sql/identifiers.js'
import { statement } from '../sql/statement.js'
import { alterColumn, originsOf } from './column-alter.js'
import { alterRelation, columnDefinition, columnSettings, namesakes, withNameOfNotNull, type Column, type ColumnAttrs, type Identity, type NotNull } from './column-ddl.js'
import { printColumn } from './column-printing.js'
import { isMember } from './extension-members.js'
import { readOptionsAttrs, withoutSecrets } from './foreign-options.js'
import { isValidatedApart, requiresItself, validated } from './inherited-not-null.js'
import { bridgeColumn } from './column-bridge.js'
import { changeGradually } from './column-gradually.js'
import { columnHazards, withoutDemand } from './column-hazards.js'
import { defineKind, PHASES } from './kind.js'
import { defaultName } from './object-names.js'
import { optionStatements } from './storage-parameters.js'

export type { Column, ColumnAttrs } from './column-ddl.js'

const RELATION_KINDS = { view: 'VIEW', materialized_view: 'MATERIALIZED VIEW' } as const

export function columnObject(id: RelationPart, attrs: ColumnAttrs, position?: number, parentKind = 'table'): Column {
  return {
    kind: 'column',
    ref: refOf('column', id.schema, id.table, id.name),
    parent: refOf(parentKind, id.schema, id.table),
    id,
    attrs,
    ...(position === undefined ? {} : { position }),
  }
}

/** What the catalogs say about a column only when it is not PostgreSQL's default. */
interface Extras {
  readonly local: boolean
  /** Null before PostgreSQL 15, where sequences are always logged. */
  readonly unlogged: boolean | null
  readonly partition: boolean
  readonly parents: { readonly schema: string; readonly table: string }[] | null
  readonly collation: QualifiedName | null
  readonly identity: '' | 'a' | 'd'
  readonly sequence: SequenceRow | null
  readonly generated: '' | 's' | 'v'
  readonly computed: { readonly expression: string; readonly oid: number } | null
  readonly storage: 'p' | 'e' | 'm' | 'x' | null
  readonly compression: '' | 'p' | 'l'
  readonly statistics: number | null
  readonly options: string[] | null
  readonly foreign: string[] | null
  readonly notNull: { readonly name: string; readonly local: boolean; readonly noInherit: boolean; readonly valid: boolean; readonly above: { readonly name: string; readonly valid: boolean } | null } | null
  readonly view: (QualifiedName & { readonly kind: 'view' | 'materialized_view' }) | null
}

interface SequenceRow {
  readonly name: string
  readonly type: 'smallint' | 'integer' | 'bigint'
  readonly start: string
  readonly increment: string
  readonly min: string
  readonly max: string
  readonly cache: string
  readonly cycle: boolean
  readonly unlogged: boolean
}

const STORAGE = { p: 'plain', e: 'external', m: 'main', x: 'extended' } as const
const COMPRESSION = { p: 'pglz', l: 'lz4' } as const

/** Columns of tables; of views only those with a default, of materialized views those with settings. */
export const columns = defineKind<Column>({
  kind: 'column',
  phase: PHASES.column,
  catalog: 'pg_class',
  folds: (column) => column.attrs.relation === undefined && !isValidatedApart(column),
  occupies: ({ id, attrs }) => (attrs.identity ? [`relation ${qualified(id.schema, attrs.identity.name ?? defaultName(id.table, id.name, 'seq'))}`] : []),
  holdsExpressions: ({ attrs }) => attrs.generated !== undefined,
  catalogQuery,
  fromRow: ([table, number, name, type, notNull, extras], context) => {
    const details = extras as Extras | null
    if (details?.view) return { object: viewColumn(details.view, name as string, number as number, details) }
    const parent = context.objectAt('pg_class', table as number) as SchemaObject<QualifiedName> | undefined
    if (!parent) return null
    const id = { schema: parent.id.schema, table: parent.id.name, name: name as string }
    const typed = (parent.attrs as { ofType?: QualifiedName }).ofType
    const ofType = typed && { ofType: refOf('composite_type', typed.schema, typed.name) }
    if (!details) return { object: { ...columnObject(id, notNull ? { type: type as string, notNull: true } : { type: type as string }, number as number), ...ofType } }
    return {
      object: {
        ...columnObject(id, attrsOf(id, type as string, notNull as boolean, details), number as number),
        ...ofType,
        ...(details.notNull && !details.notNull.local ? { lentNotNull: true } : {}),
      },
      aliases: details.computed ? [['pg_attrdef', details.computed.oid]] : [],
      dependencies: details.local
        ? []
        : (details.parents ?? []).map((relation) => ({ to: refOf('column', relation.schema, relation.table, id.name), auto: true })),
    }
  },
  versionNeeds: ({ attrs: { generated, notNull } }) => {
    const { noInherit, notValid } = typeof notNull === 'object' ? notNull : ({} as NotNull)
    return [
      ...(generated?.virtual ? [[18, 'a virtual generated column'] as const] : []),
      ...(noInherit ? [[18, 'NOT NULL with NO INHERIT'] as const] : []),
      ...(notValid ? [[18, 'NOT NULL that is NOT VALID'] as const] : []),
    ]
  },
  // PostgreSQL chooses the name of a NOT NULL constraint while it is free: those who bear it besides come later.
  dependencies: (column) => (column.lentNotNull ? [] : namesakes(column).map((to) => ({ to, auto: false, createOnly: true as const }))),
  meanwhile: withoutDemand,
  create: (column, _parts, fragments, context) => {
    if (column.attrs.relation) return columnSettings(column)
    if (column.attrs.inherited) return [...columnSettings(column), ...validated(column, context)]
    return [statement(`${alterRelation(column)} ADD COLUMN ${columnDefinition(column, fragments)}`), ...columnSettings(column)]
  },
  fragment: (column, _parts, fragments, context) => columnDefinition(withNameOfNotNull(column, context), fragments),
  createsImplicitly: ({ id, ofType }, context, created) => {
    if (ofType) return created(refOf('table', id.schema, id.table)) ? null : ofType
    const partition = refOf('partition', id.schema, id.table)
    const before = context.object('from', partition)
    const after = context.object('to', partition)
    if (!before || !after || created(partition)) return null
    const parent = after.attrs.parent as QualifiedName
    const column = refOf('column', parent.schema, parent.name, id.name)
    return created(column) ? column : null
  },
  drop: (column) => {
    if (!column.attrs.relation) return [statement(`${alterRelation(column)} DROP COLUMN ${quoteIdent(column.id.name)}`)]
    const alter = `${alterRelation(column)} ALTER COLUMN ${quoteIdent(column.id.name)}`
    return [
      // DEFAULT is known from PostgreSQL 16 on; before, the usual one is tried.
      ...(column.attrs.storage ? [statement(`${alter} SET STORAGE DEFAULT`, [`${alter} SET STORAGE EXTENDED`])] : []),
      ...(column.attrs.compression ? [statement(`${alter} SET COMPRESSION default`)] : []),
      ...(column.attrs.statistics === undefined ? [] : [statement(`${alter} SET STATISTICS -1`)]),
      ...optionStatements(alter, column.attrs.options),
    ]
  },
  // A partition keeps its columns when it is detached.
  outlives: ({ id }, replaced, rebuilt) => replaced.kind === 'column' && replaced.id.table !== id.table && rebuilt(replaced.parent!),
  // A column that is no longer inherited when its parent's is dropped stays.
  dropsImplicitly: ({ id, parent, ofType }, dropped) => (dropped(parent!) ? parent! : (ofType ?? !dropped(refOf('partition', id.schema, id.table)))),
  // A typed table loses its type before its columns may go, and a child the parents that have them too.
  dropsAfterAlteration: (column, context) => {
    const { attrs, ofType } = column
    return attrs.inherited === true || ofType !== undefined || originsOf(column, 'from', context).some((origin) => context.object('from', origin))
  },
  // Which table declares a column is settled when it comes into being, or when its last parent goes.
  replacesParent: (column, context) => {
    const next = context.object('to', column.ref) as Column | undefined
    if (!next || Boolean(column.attrs.inherited) === Boolean(next.attrs.inherited)) return false
    return next.attrs.inherited === true || originsOf(next, 'to', context).some((origin) => context.object('to', origin))
  },
  alter: alterColumn,
  gradually: changeGradually,
  bridge: bridgeColumn,
  altersBefore: requiresItself,
  rename: (from, to) => [statement(`${alterRelation(from)} RENAME COLUMN ${quoteIdent(from.id.name)} TO ${quoteIdent(to.id.name)}`)],
  rebind: (column, old, _aside, places, convert) => {
    const { type, collation } = column.attrs
    const moved = type && renamedType(type, places)
    if (moved) {
      // PostgreSQL takes no subquery here, so the elements of an array cannot be converted one by one.
      if (convert && moved.endsWith('[]')) return null
      return { ...column, attrs: { ...column.attrs, type: moved }, ...(convert && { using: convert(quoteIdent(column.id.name)) }) }
    }
    if (old.kind !== 'collation') return null
    const place = collation && places.get(`collation ${collation}`)
    // Without a collation of its own it has that of its domain, which moves.
    return place ? { ...column, attrs: { ...column.attrs, collation: place.slice('collation '.length) } } : column
  },
  authored: (declared, reflected) => {
    const { generated } = reflected.attrs
    const written = generated && declared.attrs.generated
    return {
      ...reflected,
      ...(declared.variables && { variables: declared.variables }),
      ...(written && { attrs: { ...reflected.attrs, generated: { ...generated, expression: written.expression } } }),
    }
  },
  address: ({ id }) => `COLUMN ${qualified(id.schema, id.table, id.name)}`,
  dropLoses: ({ attrs }) => (attrs.relation || attrs.generated ? undefined : 'the values are gone'),
  hazards: columnHazards,
  print: printColumn,
})

function catalogQuery({ major }: ServerVersion): string {
  const constraint = major >= 18
  const settings = `a.attstorage <> t.typstorage OR a.attcompression <> '' OR a.attstattarget >= 0 OR a.attoptions IS NOT NULL OR a.attfdwoptions IS NOT NULL`
  return `
    WITH c AS MATERIALIZED (
      SELECT c.oid, c.relkind, c.relpersistence, c.relispartition, c.relname, n.nspname
      FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.oid >= 16384 AND c.relpersistence <> 't' AND (c.relkind IN ('r', 'p', 'f') OR c.relkind IN ('v', 'm')
        AND NOT ${isMember('pg_class', 'c.oid')}))
    SELECT a.attrelid, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
      CASE WHEN c.relkind IN ('v', 'm') OR NOT a.attislocal OR a.attidentity <> '' OR a.attgenerated <> '' OR ${settings}
          OR a.attcollation <> t.typcollation${constraint ? ` OR nn.conname IS NOT NULL` : ''}
        THEN json_build_object(
          'local', a.attislocal, 'unlogged', ${major >= 15 ? `c.relpersistence = 'u'` : 'NULL'}, 'partition', c.relispartition, 'parents', i.parents, 'identity', a.attidentity, 'sequence', CASE WHEN a.attidentity <> '' THEN (
            SELECT json_build_object('name', sc.relname, 'type', format_type(q.seqtypid, NULL), 'start', q.seqstart::text, 'increment', q.seqincrement::text,
              'min', q.seqmin::text, 'max', q.seqmax::text, 'cache', q.seqcache::text, 'cycle', q.seqcycle, 'unlogged', sc.relpersistence = 'u')
            FROM pg_depend sd
            JOIN pg_class sc ON sc.oid = sd.objid
            JOIN pg_sequence q ON q.seqrelid = sc.oid
            WHERE sd.classid = 'pg_class'::regclass AND sd.deptype = 'i' AND sd.refclassid = 'pg_class'::regclass
              AND sd.refobjid = a.attrelid AND sd.refobjsubid = a.attnum) END,
          'generated', a.attgenerated, 'computed', CASE WHEN a.attgenerated <> '' THEN (
            SELECT json_build_object('expression', pg_get_expr(d.adbin, d.adrelid), 'oid', d.oid::int8)
            FROM pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum) END,
          'storage', CASE WHEN a.attstorage <> t.typstorage THEN a.attstorage END, 'compression', a.attcompression,
          'statistics', CASE WHEN a.attstattarget >= 0 THEN a.attstattarget END, 'options', a.attoptions, 'foreign', CASE WHEN a.attfdwoptions IS NOT NULL THEN ${withoutSecrets('a.attfdwoptions')} END,
          'collation', CASE WHEN a.attcollation <> t.typcollation THEN (
            SELECT json_build_object('schema', cn.nspname, 'name', co.collname)
            FROM pg_collation co JOIN pg_namespace cn ON cn.oid = co.collnamespace WHERE co.oid = a.attcollation) END,
          'notNull', ${
            constraint
              ? `CASE WHEN nn.conname IS NOT NULL THEN json_build_object('name', nn.conname, 'local', nn.conislocal, 'noInherit', nn.connoinherit, 'valid', nn.convalidated, 'above', ${NOT_NULL_ABOVE}) END`
              : 'NULL'
          },
          'view', CASE c.relkind WHEN 'v' THEN json_build_object('schema', c.nspname, 'name', c.relname, 'kind', 'view')
            WHEN 'm' THEN json_build_object('schema', c.nspname, 'name', c.relname, 'kind', 'materialized_view') END) END
    FROM pg_attribute a
    JOIN c ON c.oid = a.attrelid
    JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN (
      SELECT i.inhrelid, json_agg(json_build_object('schema', pn.nspname, 'table', p.relname) ORDER BY i.inhseqno) AS parents
      FROM pg_inherits i
      JOIN pg_class p ON p.oid = i.inhparent AND p.relkind IN ('r', 'p', 'f')
      JOIN pg_namespace pn ON pn.oid = p.relnamespace
      GROUP BY i.inhrelid) i ON i.inhrelid = a.attrelid${
        constraint
          ? `
    LEFT JOIN pg_constraint nn ON nn.contype = 'n' AND nn.conrelid = a.attrelid AND nn.conkey[1] = a.attnum
      AND (nn.conname <> c.relname || '_' || a.attname || '_not_null' OR nn.connoinherit OR NOT nn.convalidated OR NOT nn.conislocal)`
          : ''
      }
    WHERE a.attrelid >= 16384 AND a.attnum > 0 AND NOT a.attisdropped AND (c.relkind IN ('r', 'p', 'f') OR ${settings} OR a.atthasdef)
    ORDER BY 1, 2`
}

/** What the parents of a table pass on to it. */
const NOT_NULL_ABOVE = `CASE WHEN NOT nn.conislocal AND NOT c.relispartition THEN (
            SELECT json_build_object('name', (array_agg(above.conname ORDER BY h.inhseqno))[1], 'valid', bool_or(above.convalidated))
            FROM pg_inherits h
            JOIN pg_attribute column_ ON column_.attrelid = h.inhparent AND column_.attname = a.attname
            JOIN pg_constraint above ON above.contype = 'n' AND above.conrelid = h.inhparent AND above.conkey[1] = column_.attnum AND NOT above.connoinherit
            WHERE h.inhrelid = a.attrelid) END`

function viewColumn(view: NonNullable<Extras['view']>, name: string, number: number, extras: Extras): Column {
  const id = { schema: view.schema, table: view.name, name }
  return columnObject(id, { ...settingsOf(extras), relation: RELATION_KINDS[view.kind] }, number, view.kind)
}

function attrsOf(id: RelationPart, type: string, notNull: boolean, extras: Extras): ColumnAttrs {
  const identity = extras.identity && extras.sequence && identityOf(id, extras.identity, extras.sequence, extras.unlogged)
  const required = notNull || extras.notNull ? notNullOf(id, extras) : undefined
  return {
    type,
    ...(!extras.local && !extras.partition && { inherited: true }),
    ...(extras.collation && { collation: qualified(extras.collation.schema, extras.collation.name) }),
    ...(required && { notNull: required }),
    ...(identity && { identity }),
    ...(extras.computed && { generated: { expression: extras.computed.expression, ...(extras.generated === 'v' && { virtual: true }) } }),
    ...settingsOf(extras),
  }
}

function settingsOf(extras: Extras): Pick<ColumnAttrs, 'storage' | 'compression' | 'statistics' | 'options' | 'foreign'> {
  return {
    ...(extras.storage && { storage: STORAGE[extras.storage] }),
    ...(extras.compression && { compression: COMPRESSION[extras.compression] }),
    ...(extras.statistics !== null && { statistics: extras.statistics }),
    ...(extras.options && {
      options: Object.fromEntries([...extras.options].sort().map((option) => option.split('=', 2) as [string, string])),
    }),
    ...(extras.foreign?.length && { foreign: readOptionsAttrs(extras.foreign) }),
  }
}

function notNullOf({ table, name }: RelationPart, { notNull, partition }: Extras): ColumnAttrs['notNull'] {
  if (!notNull) return true
  if (!notNull.local && !partition) {
    const { above } = notNull
    const attrs = { ...(notNull.name !== above?.name && { name: notNull.name }), ...(notNull.valid && above?.valid === false && { valid: true as const }) }
    return Object.keys(attrs).length > 0 ? { ...attrs, inherited: true } : 'inherited'
  }
  const attrs = {
    ...(notNull.name !== defaultName(table, name, 'not_null') && { name: notNull.name }),
    ...(notNull.noInherit && { noInherit: true }),
    ...(!notNull.valid && { notValid: true }),
  } as const
  return Object.keys(attrs).length > 0 ? (attrs as ColumnAttrs['notNull']) : true
}

const LIMITS = {
  smallint: ['-32768', '32767'],
  integer: ['-2147483648', '2147483647'],
  bigint: ['-9223372036854775808', '9223372036854775807'],
} as const

function identityOf({ table, name }: RelationPart, generated: 'a' | 'd', row: SequenceRow, unlogged: boolean | null): Identity {
  const descending = row.increment.startsWith('-')
  const [lowest, highest] = LIMITS[row.type]
  const min = descending ? lowest : '1'
  const max = descending ? '-1' : highest
  return {
    generated: generated === 'a' ? 'always' : 'by default',
    ...(row.name !== defaultName(table, name, 'seq') && { name: row.name }),
    ...(row.start !== (descending ? row.max : row.min) && { start: row.start }),
    ...(row.increment !== '1' && { increment: row.increment }),
    ...(row.min !== min && { min: row.min }),
    ...(row.max !== max && { max: row.max }),
    ...(row.cache !== '1' && { cache: row.cache }),
    ...(row.cycle && { cycle: true }),
    ...(unlogged !== null && row.unlogged !== unlogged && { unlogged: row.unlogged }),
  }
}

/** A type's text with the new name of a renamed type; arrays of it too. Undefined when it is of none. */
function renamedType(text: string, places: ReadonlyMap<string, string>): string | undefined {
  const [, base, suffix] = /^(.*?)((?:\[\])*)$/s.exec(text)!
  const place = places.get(`type ${base!}`)
  return place && place.slice('type '.length) + suffix
}

