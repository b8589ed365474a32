import { closeComment, indexOutside, insideParentheses, withoutSemicolon } from '../../src/sql/scan.js'

test('text is found outside quotes and parentheses', () => {
  expect(indexOutside('ON "a DO b" DO NOTHING', ' DO ')).toBe(11)
  expect(indexOutside(`WHERE (x = ' DO ' DO ) DO NOTHING`, ' DO ')).toBe(22)
  expect(indexOutside(`a 'it''s DO ' DO b`, ' DO ')).toBe(13)
  expect(indexOutside('nothing', ' DO ')).toBe(-1)
})

test('parentheses are closed where they are', () => {
  expect(insideParentheses(`f((a) || ')' || "b)") rest`, 1)).toBe(`(a) || ')' || "b)"`)
})

test('what the author ends with hides nothing that follows', () => {
  expect(withoutSemicolon('select 1;\n ; ')).toBe('select 1')
  expect(withoutSemicolon('select 1 -- one; ')).toBe('select 1 -- one\n')
  expect(closeComment("select '--'\nfrom t")).toBe("select '--'\nfrom t")
})
