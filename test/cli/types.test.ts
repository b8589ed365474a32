import { CHECKED, Sandbox } from './sandbox.js'

test('a schema may use what the project has: @types packages, paths of tsconfig.json, several files', async () => {
  const box = new Sandbox()
  box.env = CHECKED
  try {
    box.write('package.json', '{}')
    box.write('tsconfig.json', '{ "compilerOptions": { "strict": true, "target": "es2022", "module": "esnext", "moduleResolution": "bundler", "paths": { "@names/*": ["./names/*"] } } }')
    box.write('node_modules/@types/thing/package.json', '{ "name": "@types/thing", "version": "1.0.0", "types": "index.d.ts" }')
    box.write('node_modules/@types/thing/index.d.ts', `declare global {\n  var thing: string | undefined\n}\nexport {}\n`)
    box.write('names/names.ts', `export const users: string = globalThis.thing ?? 'users'\n`)
    box.write('db/users.ts', `import { users as name } from '@names/names'\nimport { table, bigint } from 'pg-autogen/schema'\nexport const users = table(name, { id: bigint().primaryKey() })\n`)
    box.write('db/teams.ts', `import { table, bigint } from 'pg-autogen/schema'\nimport { users } from './users.js'\nexport const teams = table('teams', { lead: bigint().references(() => users.id) })\n`)
    const made = await box.run(['-m', 'x', '--schema', 'db', '--scratch', 'embedded'], { cwd: box.folder })
    expect(made).toMatchObject({ code: 0, stdout: expect.stringContaining('+ table public.teams') })
    box.edit('db/users.ts', 'table(name,', 'table(name.length,')
    const wrong = await box.run(['-m', 'x', '--schema', 'db', '--scratch', 'embedded', '--allow', 'all'])
    expect(wrong).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/^error: .*\n  at db\/users\.ts:3:\d+\n/) })
  } finally {
    box.remove()
  }
})
