import { pathToFileURL } from 'node:url'
import type { SourcePosition } from '../errors.js'
import type { Finding, LintReport } from '../lint/finding.js'
import { RULES } from '../lint/rules/all.js'
import { packageVersion } from '../package-version.js'

/** SARIF 2.1.0, the format that code scanning takes. What an ignore accepts is there, and suppressed. */
export function lintSarif({ hazards, advice, ignored, errors }: LintReport, showPath: (file: string) => string): unknown {
  const location = ({ file, line, column }: SourcePosition) => ({
    physicalLocation: { artifactLocation: { uri: uriOf(showPath(file)) }, region: { startLine: line, ...(column !== undefined && { startColumn: column }) } },
  })
  const result = (finding: Finding) => ({
    ruleId: finding.rule,
    level: finding.severity === 'hazard' ? 'error' : 'note',
    message: { text: `${finding.object}: ${finding.message}. Instead: ${finding.instead}` },
    locations: [location(finding.at)],
    properties: { code: finding.code },
  })
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'pg-autogen',
            version: packageVersion(),
            rules: RULES.map(({ rule, what, why, instead, severity }) => ({
              id: rule,
              shortDescription: { text: what },
              fullDescription: { text: why },
              help: { text: instead },
              defaultConfiguration: { level: severity === 'hazard' ? 'error' : 'note' },
            })),
          },
        },
        columnKind: 'utf16CodeUnits',
        invocations: [
          {
            executionSuccessful: errors.length === 0,
            toolExecutionNotifications: errors.map(({ message, at }) => ({ level: 'error', message: { text: message }, locations: [location(at)] })),
          },
        ],
        results: [...[...hazards, ...advice].map(result), ...ignored.map((each) => ({ ...result(each), suppressions: [{ kind: 'inSource', justification: each.reason }] }))],
      },
    ],
  }
}

/** A path as a URI: relative ones stay relative. */
function uriOf(file: string): string {
  return /^(\/|[A-Za-z]:)/.test(file) ? pathToFileURL(file).href : encodeURI(file.replaceAll('\\', '/'))
}
