import { lint } from '../../src/index.js'

async function outcome(text: string) {
  const { hazards, ignored, errors, notes } = await lint({ file: 'a.sql', text })
  return {
    hazards: hazards.map(({ rule, at }) => `${at.line}:${at.column} ${rule}`),
    ignored: ignored.map(({ rule, reason }) => `${rule}: ${reason}`),
    errors: errors.map(({ message, at, hint }) => `${at.line} ${message}; ${hint}`),
    notes: notes.map(({ message, at }) => `${at.line} ${message}`),
  }
}

const NOTHING = { hazards: [], ignored: [], errors: [], notes: [] }

test.each([
  ['above', '-- autogen-ignore drop-table: moved away\nDROP TABLE a;', ['drop-table: moved away']],
  ['above, by code', '-- autogen-ignore data-loss: moved away\n\n-- and so on\nDROP TABLE a;', ['drop-table: moved away']],
  ['behind', 'DROP TABLE a; -- autogen-ignore drop-table: moved away', ['drop-table: moved away']],
  ['inside', 'DROP TABLE\n  -- autogen-ignore drop-table: moved away\n  a;', ['drop-table: moved away']],
  ['several names', '-- autogen-ignore drop-table, drop-cascade: moved: all of it\nDROP TABLE a CASCADE;', ['drop-table: moved: all of it', 'drop-cascade: moved: all of it']],
  ['above a block', '-- autogen-ignore drop-table: moved away\nDO $$ BEGIN\nDROP TABLE a;\nEND $$;', ['drop-table: moved away']],
  ['in a block', 'DO $$ BEGIN\n-- autogen-ignore drop-table: moved away\nDROP TABLE a;\nEND $$;', ['drop-table: moved away']],
])('an ignore %s accepts what is found', async (_, text, ignored) => {
  expect(await outcome(text)).toEqual({ ...NOTHING, ignored })
})

test('an ignore is about one statement, and about what it names', async () => {
  expect(await outcome('-- autogen-ignore drop-table: moved away\nDROP TABLE a;\nDROP TABLE b CASCADE;')).toEqual({ ...NOTHING, ignored: ['drop-table: moved away'], hazards: ['3:1 drop-table', '3:1 drop-cascade'] })
})

test('an ignore that nothing needs is told, and its statement is looked at', async () => {
  expect(await outcome('-- autogen-ignore create-index: small\nDROP TABLE a;')).toEqual({ ...NOTHING, hazards: ['2:1 drop-table'], notes: ['1 nothing here needs this ignore of create-index'] })
})

test.each([
  ['-- autogen-ignore drop-table\nDROP TABLE a;', '1 this ignore gives no reason; write autogen-ignore drop-table: <why it does not matter here>'],
  ['DROP TABLE a; -- autogen-ignore drop-table:  ', '1 this ignore gives no reason; write autogen-ignore drop-table: <why it does not matter here>'],
  ['-- autogen-ignore: because\nDROP TABLE a;', '1 this ignore names no hazard; write autogen-ignore <code or rule>: <reason>'],
  ['-- autogen-ignore drop-tabel: moved\nDROP TABLE a;', '1 this ignore names no hazard and no rule: "drop-tabel"; did you mean drop-table?'],
])('an ignore that is wrong is an error and accepts nothing: %s', async (text, error) => {
  const { errors, hazards, ignored } = await outcome(text)
  expect(errors).toEqual([error])
  expect(ignored).toEqual([])
  expect(hazards).toHaveLength(1)
})
