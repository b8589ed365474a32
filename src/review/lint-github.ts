import type { LintReport } from '../lint/finding.js'

/** Commands by which a GitHub workflow shows findings beside the lines they are about. */
export function lintGithub({ hazards, advice, errors }: LintReport, showPath: (file: string) => string): string {
  const command = (level: 'error' | 'notice', title: string, { file, line, column }: { file: string; line: number; column?: number }, message: string) =>
    `::${level} file=${property(showPath(file))},line=${line}${column === undefined ? '' : `,col=${column}`},title=${property(title)}::${data(message)}`
  return [
    ...errors.map(({ message, at, hint }) => command('error', 'error', at, hint ? `${message}\n${hint}` : message)),
    ...hazards.map(({ code, rule, object, message, instead, at }) => command('error', `${code}: ${rule}`, at, `${object}: ${message}\ninstead: ${instead}`)),
    ...advice.map(({ code, rule, object, message, instead, at }) => command('notice', `${code}: ${rule}`, at, `${object}: ${message}\ninstead: ${instead}`)),
  ].join('\n')
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
