import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ts as TypeScript } from 'ts-morph'
import { SchemaError } from '../errors.js'

export interface TypecheckOptions {
  readonly cwd: string
  readonly tsconfig?: string | undefined
}

/**
 * Lets TypeScript check files against the types of this package, with the settings of the project's tsconfig.json.
 *
 * @throws SchemaError with the place of the first mistake, the others in `detail`
 * @example await typecheck(['/project/schema.ts'], { cwd: '/project' })
 */
export async function typecheck(files: readonly string[], { cwd, tsconfig }: TypecheckOptions): Promise<void> {
  const { Project, ts } = await import('ts-morph')
  const sources = files.filter((file) => /\.[cm]?ts$/.test(file))
  if (sources.length === 0) return
  const config = tsconfig ? path.resolve(cwd, tsconfig) : ts.findConfigFile(path.dirname(sources[0]!), ts.sys.fileExists)
  // A project of ts-morph brings the libraries of the language along.
  const project = new Project({ compilerOptions: compilerOptions(ts, config), skipAddingFilesFromTsConfig: true, skipFileDependencyResolution: true })
  for (const file of sources) project.addSourceFileAtPath(file)
  const [authoring] = ownTypes()['pg-autogen/schema']!
  project.addSourceFileAtPath(authoring!)
  const program = project.getProgram().compilerObject
  const wanted = new Set(sources.map((file) => path.resolve(file)))
  const diagnostics = [...program.getSyntacticDiagnostics(), ...program.getSemanticDiagnostics()].filter(
    ({ file, category }) => category === ts.DiagnosticCategory.Error && file && wanted.has(path.resolve(file.fileName)),
  )
  if (diagnostics.length === 0) return
  const names = exportsOf(program, authoring!)
  const mistakes = diagnostics.map((diagnostic) => mistakeOf(ts, diagnostic, names))
  const [first, ...others] = mistakes
  throw new SchemaError(first!.message, {
    at: first!.at,
    detail: others.map(({ at, message }) => `also ${path.relative(cwd, at.file)}:${at.line}:${at.column}: ${message.split('\n', 1)[0]}`).join('\n') || undefined,
    hint: first!.hint ?? 'correct the types; editors show the same errors',
  })
}

function compilerOptions(ts: typeof TypeScript, config: string | undefined): TypeScript.CompilerOptions {
  const own: TypeScript.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    strict: true,
  }
  const read = config ? ts.readConfigFile(config, (file) => readFileSync(file, 'utf8')) : undefined
  const parsed = config && read?.config ? ts.parseJsonConfigFileContent(read.config, ts.sys, path.dirname(config), {}, config) : undefined
  const options = parsed?.options ?? own
  return {
    ...options,
    // Since TypeScript 6 the types of @types packages are no longer there by themselves; projects of before count on them.
    types: options.types ?? ['*'],
    // What the program emits is of no interest here, and settings about it may contradict each other.
    noEmit: true,
    composite: false,
    incremental: false,
    declaration: false,
    declarationMap: false,
    rootDir: undefined,
    skipLibCheck: true,
    noUnusedLocals: false,
    noUnusedParameters: false,
    resolveJsonModule: true,
    allowImportingTsExtensions: true,
    paths: { ...options.paths, ...ownTypes() },
  }
}

/** The types of the running package, also where the project has not installed it: a run by npx, or from a checkout. */
function ownTypes(): Record<string, string[]> {
  const here = fileURLToPath(import.meta.url)
  const extension = here.endsWith('.ts') ? '.ts' : '.d.ts'
  const file = (name: string) => path.join(path.dirname(here), '..', `${name}${extension}`)
  return { 'pg-autogen': [file('index')], 'pg-autogen/schema': [file('schema')], 'pg-autogen/kind': [file('kind')] }
}

/** What a module exports. */
function exportsOf(program: TypeScript.Program, file: string): ReadonlySet<string> {
  const source = program.getSourceFile(file)
  const module = source && program.getTypeChecker().getSymbolAtLocation(source)
  return new Set(module ? program.getTypeChecker().getExportsOfModule(module).map(({ name }) => name) : [])
}

/** A mistake with its place. For a name that only has to be imported, TypeScript proposes others that look like it. */
function mistakeOf(ts: typeof TypeScript, { file, start, messageText }: TypeScript.Diagnostic, importable: ReadonlySet<string>) {
  const { line, character } = ts.getLineAndCharacterOfPosition(file!, start ?? 0)
  const message = ts.flattenDiagnosticMessageText(messageText, '\n')
  const [, missing = ''] = /^Cannot find name '(\w+)'/.exec(message) ?? []
  return {
    message: importable.has(missing) ? `${missing} is not imported` : message,
    hint: importable.has(missing) ? `import { ${missing} } from 'pg-autogen/schema'` : undefined,
    at: { file: file!.fileName, line: line + 1, column: character + 1 },
  }
}
