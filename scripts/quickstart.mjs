/**
 * The main job from start to end, with nothing but Node: an embedded database, schema.ts.example, two migrations, a downgrade, a
 * check. Everything happens in a new temporary folder, which is left for you to look at.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..')
const cli = path.join(root, 'dist', 'cli', 'main.js')
const folder = mkdtempSync(path.join(tmpdir(), 'pg-autogen-quickstart-'))
const env = { ...process.env }
for (const name of Object.keys(env)) if (name === 'DATABASE_URL' || name.startsWith('AUTOGEN_')) delete env[name]

const styled = process.stdout.isTTY && !process.env.NO_COLOR
const style = (code, text) => (styled ? `\x1b[${code}m${text}\x1b[0m` : text)

function say(text) {
  console.log(`\n${style(1, `# ${text}`)}`)
}

function autogen(args, expected = 0) {
  console.log(style(2, `$ autogen ${args.map((arg) => (/[^\w./:=-]/.test(arg) ? `"${arg}"` : arg)).join(' ')}`))
  const { status } = spawnSync(process.execPath, [cli, ...args], { cwd: folder, env, stdio: ['ignore', 'inherit', 'inherit'] })
  if (status !== expected) {
    console.error(`autogen ${args[0]} exited with ${status}, expected ${expected}`)
    process.exit(1)
  }
}

say(`A new project in ${folder}`)
autogen(['init'])
copyFileSync(path.join(root, 'schema.ts.example'), path.join(folder, 'schema.ts'))

say('schema.ts declares tables; autogen writes the migration that creates them, proven both ways')
autogen(['-m', 'first tables'])
autogen(['upgrade', 'head'])

say('Edit schema.ts: users get a last_login')
const schema = path.join(folder, 'schema.ts')
const before = readFileSync(schema, 'utf8')
const after = before.replace(/^(\s*)(email: .*)$/m, '$1$2\n$1last_login: timestamptz(),')
if (after === before) throw new Error('schema.ts.example has no email column to add last_login after')
writeFileSync(schema, after)
autogen(['check'], 2)
autogen(['-m', 'add last_login'])
autogen(['show', 'head'])
autogen(['upgrade', 'head'])
autogen(['check'])

say('And back')
autogen(['downgrade', '-1'])
autogen(['history', '--indicate-current'])
autogen(['check'], 2)
autogen(['upgrade', 'head'])
autogen(['check'])

say(`Done. Look around in ${folder}`)
