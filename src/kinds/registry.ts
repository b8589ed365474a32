import { AsyncLocalStorage } from 'node:async_hooks'
import { roleRef } from '../model/object-ref.js'
import type { Dependency, SchemaObject } from '../model/schema-object.js'
import type { Kind } from './kind.js'
import { roles } from './roles.js'
import { roleMemberships } from './role-memberships.js'
import { roleDatabaseSettings, roleSettings } from './role-settings.js'
import { databaseSettingKind } from './database-settings.js'
import { schemas } from './schemas.js'
import { extensions } from './extensions.js'
import { extensionVersions } from './extension-versions.js'
import { enums } from './enums.js'
import { domains } from './domains.js'
import { domainConstraints } from './domain-constraints.js'
import { compositeTypes } from './composite-types.js'
import { rangeTypes } from './range-types.js'
import { sequences } from './sequences.js'
import { sequenceOwnerships } from './sequence-ownerships.js'
import { tables } from './tables.js'
import { columns } from './columns.js'
import { columnDefaults } from './column-defaults.js'
import { partitions } from './partitions.js'
import { constraints } from './constraints/index.js'
import { replicaIdentities } from './replica-identities.js'
import { functions } from './functions.js'
import { procedures } from './procedures.js'
import { aggregates } from './aggregates.js'
import { views } from './views.js'
import { materializedViews } from './materialized-views.js'
import { indexes } from './indexes.js'
import { indexPartitions } from './index-partitions.js'
import { clusters } from './clusters.js'
import { triggers } from './triggers.js'
import { policies } from './policies.js'
import { rules } from './rules.js'
import { eventTriggers } from './event-triggers.js'
import { foreignDataWrappers } from './foreign-data-wrappers.js'
import { foreignServers } from './foreign-servers.js'
import { userMappings } from './user-mappings.js'
import { publications } from './publications.js'
import { subscriptions } from './subscriptions.js'
import { collations } from './collations.js'
import { casts } from './casts.js'
import { operators } from './operators.js'
import { operatorFamilies } from './operator-families.js'
import { operatorClasses } from './operator-classes.js'
import { conversions } from './conversions.js'
import { languages } from './languages.js'
import { accessMethods } from './access-methods.js'
import { transforms } from './transforms.js'
import { textSearchParsers } from './text-search-parsers.js'
import { textSearchTemplates } from './text-search-templates.js'
import { textSearchDictionaries } from './text-search-dictionaries.js'
import { textSearchConfigurations } from './text-search-configurations.js'
import { shellTypes } from './shell-types.js'
import { baseTypes } from './base-types.js'
import { statisticsKind } from './statistics.js'
import { comments } from './comments.js'
import { securityLabels } from './security-labels.js'
import { extensionDependencies } from './extension-dependencies.js'
import { owners } from './owners.js'
import { privileges } from './privileges.js'
import { defaultPrivilegeKind } from './default-privileges.js'

/** Every kind of this package, those that others ask about while reflecting (tables before columns) first. */
const registered: Kind[] = [
  roles, roleMemberships, roleSettings, roleDatabaseSettings, databaseSettingKind,
  schemas, extensions, extensionVersions,
  collations, shellTypes, enums, domains, domainConstraints, compositeTypes, rangeTypes, sequences,
  tables, columns, columnDefaults, partitions, constraints, replicaIdentities, sequenceOwnerships,
  functions, procedures, aggregates, views, materializedViews, indexes, indexPartitions, clusters, triggers, policies, rules, eventTriggers,
  foreignDataWrappers, foreignServers, userMappings, publications, subscriptions,
  baseTypes, languages, accessMethods, casts, operators, operatorFamilies, operatorClasses, conversions, transforms,
  textSearchParsers, textSearchTemplates, textSearchDictionaries, textSearchConfigurations, statisticsKind,
  comments, securityLabels, extensionDependencies, owners, privileges, defaultPrivilegeKind,
]

const byName = new Map(registered.map((kind) => [kind.kind, kind]))

/** Kinds of the project that is worked on: a program may work on several at once. */
const custom = new AsyncLocalStorage<readonly Kind[]>()

/** Does work in which kinds of a project take part, after those of this package. */
export function withKinds<T>(kinds: readonly Kind[] | undefined, work: () => T): T {
  return kinds?.length || custom.getStore() ? custom.run(kinds ?? [], work) : work()
}

export function allKinds(): readonly Kind[] {
  const own = custom.getStore()
  return own?.length ? [...registered, ...own] : registered
}

/** The dependencies of an object on the roles it names. */
export function rolesNeeded(object: SchemaObject): Dependency[] {
  return (kindOf(object).roles?.(object) ?? []).map((role) => ({ from: object.ref, to: roleRef(role), auto: false }))
}

/** The kind of an object. Throws for a name that is not registered: that is a defect of the caller. */
export function kindOf(object: { readonly kind: string }): Kind {
  const kind = byName.get(object.kind) ?? custom.getStore()?.find(({ kind }) => kind === object.kind)
  if (!kind) throw new Error(`no kind is registered under the name ${JSON.stringify(object.kind)}`)
  return kind
}
