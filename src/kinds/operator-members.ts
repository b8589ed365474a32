/** An operator of an operator class or family. */
export interface MemberOperator {
  readonly number: number
  /** With its operand types, as SQL writes it: `app.===(integer, integer)`. */
  readonly operator: string
  /** The btree family by which an ordering operator's results are sorted. */
  readonly orderBy?: string
}

/** A support function of an operator class or family. */
export interface MemberFunction {
  readonly number: number
  readonly function: string
  /** The operand types it is for. */
  readonly types: readonly [left: string, right: string]
}

export interface OperatorMembers {
  readonly operators?: readonly MemberOperator[]
  readonly functions?: readonly MemberFunction[]
}

/**
 * Members by what they belong to, as `m(owner, operators, functions, rows)`: those that PostgreSQL keeps with an operator class, or
 * those that were added to a family on their own.
 */
export function membersQuery(owner: 'pg_opclass' | 'pg_opfamily'): string {
  const dependency = owner === 'pg_opclass' ? "d.deptype = 'i'" : "d.deptype = 'a'"
  return `
      SELECT d.refobjid AS owner,
             json_agg(json_build_object('number', o.amopstrategy,
               'operator', o.amopopr::regoperator::text,
               'orderBy', CASE WHEN o.amopsortfamily <> 0 THEN quote_ident(sn.nspname) || '.' || quote_ident(s.opfname) END)
               ORDER BY o.amoplefttype::regtype::text, o.amoprighttype::regtype::text, o.amopstrategy) FILTER (WHERE o.oid IS NOT NULL) AS operators,
             json_agg(json_build_object('number', p.amprocnum, 'function', p.amproc::regprocedure::text,
               'types', json_build_array(format_type(p.amproclefttype, NULL), format_type(p.amprocrighttype, NULL)))
               ORDER BY p.amproclefttype::regtype::text, p.amprocrighttype::regtype::text, p.amprocnum) FILTER (WHERE p.oid IS NOT NULL) AS functions,
             array_agg(o.oid) FILTER (WHERE o.oid IS NOT NULL) AS operator_rows, array_agg(p.oid) FILTER (WHERE p.oid IS NOT NULL) AS function_rows
      FROM pg_depend d
      LEFT JOIN pg_amop o ON d.classid = 'pg_amop'::regclass AND o.oid = d.objid
      LEFT JOIN pg_opfamily s ON s.oid = o.amopsortfamily
      LEFT JOIN pg_namespace sn ON sn.oid = s.opfnamespace
      LEFT JOIN pg_amproc p ON d.classid = 'pg_amproc'::regclass AND p.oid = d.objid
      WHERE d.refclassid = '${owner}'::regclass AND ${dependency} AND d.classid IN ('pg_amop'::regclass, 'pg_amproc'::regclass)
        AND d.objid >= 16384
      GROUP BY d.refobjid`
}

/** Members as attributes, from a row of `membersQuery`. */
export function readMembers(operators: unknown, functions: unknown): OperatorMembers {
  const list = (operators as (MemberOperator & { orderBy: string | null })[] | null) ?? []
  const support = (functions as MemberFunction[] | null) ?? []
  return {
    ...(list.length > 0 && { operators: list.map(({ number, operator, orderBy }) => ({ number, operator, ...(orderBy && { orderBy }) })) }),
    ...(support.length > 0 && { functions: support.map(({ number, function: by, types }) => ({ number, function: by, types })) }),
  }
}

/** The items of CREATE OPERATOR CLASS and ALTER OPERATOR FAMILY ADD. */
export function memberItems({ operators = [], functions = [] }: OperatorMembers): string[] {
  return [
    ...operators.map(({ number, operator, orderBy }) => `OPERATOR ${number} ${operator}${orderBy ? ` FOR ORDER BY ${orderBy}` : ''}`),
    ...functions.map(({ number, function: by, types }) => `FUNCTION ${number} (${types.join(', ')}) ${by}`),
  ]
}

/** The items of ALTER OPERATOR FAMILY DROP. */
export function droppedItems({ operators = [], functions = [] }: OperatorMembers): string[] {
  return [
    ...operators.map(({ number, operator }) => `OPERATOR ${number} (${operandTypes(operator)})`),
    ...functions.map(({ number, types }) => `FUNCTION ${number} (${types.join(', ')})`),
  ]
}

function operandTypes(operator: string): string {
  return operator.slice(operator.indexOf('(') + 1, -1)
}
