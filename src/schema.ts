/** The authoring API of `schema.ts`: one builder for every kind of object, and `sql` for anything by hand. */
export { sql, SqlText } from './sql/template.js'

// What the file answers for
export { manage, type Manage, type ManageOptions } from './authoring/manage.js'

// Roles, settings of the database
export { role, type Role, type RoleOptions } from './kinds/roles.js'
export type { MembershipInput } from './authoring/role-parts.js'
export type { SettingsInput } from './kinds/session-settings.js'
export { databaseSettings } from './kinds/database-settings.js'

// Schemas, extensions, types, sequences
export { schema, type SchemaBuilder } from './authoring/schema-builder.js'
export { extension, type ExtensionOptions } from './kinds/extensions.js'
export { enumType, type EnumType } from './kinds/enums.js'
export { domain } from './kinds/domains.js'
export { domainCheck, type DomainCheckOptions } from './authoring/domain-check.js'
export { compositeType, type CompositeValue } from './kinds/composite-types.js'
export { rangeType, type RangeTypeOptions } from './kinds/range-types.js'
export { sequence, type Sequence, type SequenceInput } from './kinds/sequences.js'

// Tables and their columns
export { table, type Table } from './authoring/table-builder.js'
export * from './authoring/types.js'
export { columnDefault, columnSettings } from './authoring/view-columns.js'
export type { ColumnBuilder, IdentityOptions, NotNullOptions } from './authoring/column-builder.js'
export type { ColumnReference } from './authoring/column-reference.js'
export type { ColumnSettings } from './authoring/column-settings.js'
export type { PartitionBound } from './authoring/partition-bounds.js'
export type { Columns, Insert, Row } from './authoring/row-types.js'
export type { TypeInput } from './authoring/type-input.js'

// Elements of tables and views
export { check, exclude, foreignKey, primaryKey, unique, type ForeignKeyOptions } from './kinds/constraints/index.js'
export { index, uniqueIndex } from './kinds/indexes.js'
export { expression } from './authoring/index-column.js'
export { trigger, triggerState, type TriggerOptions } from './kinds/triggers.js'
export { policy, type PolicyOptions } from './kinds/policies.js'
export { rule, type RuleOptions } from './kinds/rules.js'

// Views, routines, event triggers
export { view, type ViewBuilder, type ViewOptions } from './kinds/views.js'
export { materializedView, type MaterializedViewBuilder, type MaterializedViewOptions } from './kinds/materialized-views.js'
export { func } from './kinds/functions.js'
export { procedure } from './kinds/procedures.js'
export { aggregate, type AggregateOptions } from './kinds/aggregates.js'
export type { FunctionOptions, RoutineBuilder, RoutineOptions } from './kinds/routine-authoring.js'
export { eventTrigger, type EventTriggerOptions } from './kinds/event-triggers.js'

// What is attached to objects
export { foreignDataWrapper, type ForeignDataWrapperInput } from './kinds/foreign-data-wrappers.js'
export { foreignServer, type ForeignServerInput } from './kinds/foreign-servers.js'
export { userMapping } from './kinds/user-mappings.js'
export { secret } from './authoring/secret.js'
export { publication, type PublicationOptions } from './kinds/publications.js'
export { subscription, type SubscriptionOptions } from './kinds/subscriptions.js'
export { baseType, type BaseTypeOptions } from './kinds/base-types.js'
export { shellType } from './kinds/shell-types.js'
export { collation, type CollationOptions } from './kinds/collations.js'
export { cast, type CastOptions } from './kinds/casts.js'
export { operator, type OperatorOptions } from './kinds/operators.js'
export { operatorFamily } from './kinds/operator-families.js'
export { operatorClass, type OperatorClassOptions } from './kinds/operator-classes.js'
export { conversion, type ConversionOptions } from './kinds/conversions.js'
export { language, type LanguageOptions } from './kinds/languages.js'
export { accessMethod } from './kinds/access-methods.js'
export { transform } from './kinds/transforms.js'
export { textSearchParser, type TextSearchParserOptions } from './kinds/text-search-parsers.js'
export { textSearchTemplate } from './kinds/text-search-templates.js'
export { textSearchDictionary } from './kinds/text-search-dictionaries.js'
export { textSearchConfiguration } from './kinds/text-search-configurations.js'
export { statistics, type StatisticsOptions } from './kinds/statistics.js'
export { comment } from './kinds/comments.js'
export { securityLabel } from './kinds/security-labels.js'
export { extensionDependency } from './kinds/extension-dependencies.js'
export { privilegesOn } from './kinds/privileges.js'
export { defaultPrivileges, type DefaultPrivilegesOptions } from './kinds/default-privileges.js'
export type { GrantOptions, PrivilegeName } from './authoring/attachments.js'
