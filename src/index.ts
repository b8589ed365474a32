export { defineConfig, type Config } from './config.js'
export {
  AutogenError,
  DatabaseError,
  ExitCode,
  ProofError,
  RefusedError,
  RevisionError,
  SchemaError,
  UsageError,
  type SourcePosition,
} from './errors.js'
export { migration, type MigrationDefinition, type MigrationOperations } from './revisions/migration.js'
export { sql, SqlText } from './sql/template.js'
