import type { QualifiedName, SchemaObject } from '../model/schema-object.js'
import { qualified, quoteIdent } from '../sql/identifiers.js'
import { outsideTransaction, statement, type Statement } from '../sql/statement.js'

export interface PartitionAttrs {
  readonly parent: QualifiedName
  /** As PostgreSQL prints it: `FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')`, `DEFAULT`. */
  readonly bound: string
  /** Columns that the partition declares NOT NULL by itself, beside the table above; PostgreSQL knows that from version 18 on. */
  readonly ownNotNull?: readonly string[]
}

/** The place of a table as a partition of another one. */
export type Partition = SchemaObject<QualifiedName, PartitionAttrs>

/** What makes a table a partition. To attach it makes every NOT NULL that the table above has too one of that table alone. */
export function attach(id: QualifiedName, { parent, bound, ownNotNull = [] }: PartitionAttrs): Statement[] {
  return [
    statement(`ALTER TABLE ONLY ${qualified(parent.schema, parent.name)} ATTACH PARTITION ${qualified(id.schema, id.name)} ${bound}`),
    ...ownNotNull.map((column) => declareNotNull(id, column)),
  ]
}

export function declareNotNull({ schema, name }: QualifiedName, column: string): Statement {
  return statement(`ALTER TABLE ${qualified(schema, name)} ALTER COLUMN ${quoteIdent(column)} SET NOT NULL`)
}

export function detach({ schema, name }: QualifiedName, { parent }: PartitionAttrs): Statement {
  return statement(`ALTER TABLE ${qualified(parent.schema, parent.name)} DETACH PARTITION ${qualified(schema, name)}`)
}

/** PostgreSQL refuses it where there is a default partition. */
export function detachConcurrently(id: QualifiedName, attrs: PartitionAttrs): Statement {
  const plain = detach(id, attrs).sql
  const relation = qualified(attrs.parent.schema, attrs.parent.name)
  return { ...outsideTransaction(`${plain} CONCURRENTLY`, { lock: 'SHARE UPDATE EXCLUSIVE', relation }), alternatives: [plain] }
}

/** Whether a partition stays attached where it is. */
export function isSamePlace(from: PartitionAttrs, to: PartitionAttrs): boolean {
  return from.bound === to.bound && from.parent.schema === to.parent.schema && from.parent.name === to.parent.name
}
