import { isVariableName, Secret } from '../sql/secret.js'
import { refuse } from './checks.js'

/**
 * A value that comes from an environment variable when a migration runs: the password of a user mapping, the connection string of a
 * subscription. It is never read from a database, compared, printed or written down.
 *
 * @throws SchemaError for a name that is not in capitals, digits and underscores
 * @example userMapping('archive', 'app', { user: 'app', password: secret('ARCHIVE_PASSWORD') })
 */
export function secret(variable: string): Secret {
  if (!isVariableName(variable)) {
    refuse(`a secret cannot come from the environment variable ${JSON.stringify(variable)}`, "name one in capitals, digits and underscores: secret('ARCHIVE_PASSWORD')")
  }
  return new Secret(variable)
}
