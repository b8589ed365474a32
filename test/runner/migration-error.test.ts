import { excerpt } from '../../src/runner/migration-error.js'

test('the place of an error is marked', () => {
  expect(excerpt('CREAT TABLE t ()', 1)).toBe('  CREAT TABLE t ()\n  ^')
  expect(excerpt('SELECT 1,\n\t🐘 x FROM t\nWHERE y', 14)).toBe('  SELECT 1,\n  \t🐘 x FROM t\n  \t  ^\n  WHERE y')
})

test('a long statement is cut around it', () => {
  const sql = Array.from({ length: 30 }, (_, line) => `line ${line + 1}`).join('\n')
  expect(excerpt(sql).split('\n')).toEqual([...Array.from({ length: 10 }, (_, line) => `  line ${line + 1}`), '  …'])
  const shown = excerpt(sql, sql.indexOf('line 20') + 1).split('\n')
  expect(shown[0]).toBe('  …')
  expect(shown[shown.indexOf('  line 20') + 1]).toBe('  ^')
  expect(shown).toHaveLength(13)
})
