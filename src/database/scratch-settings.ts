/** Settings under which declared and generated SQL runs, in scratch and in migrations alike, so that it means the same in both. */
export const EXECUTION_SETTINGS: readonly string[] = [
  'SET search_path = public',
  'SET check_function_bodies = off',
]
