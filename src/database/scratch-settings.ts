/** Settings under which declared and generated SQL runs, in scratch and in migrations alike, so that it means the same in both. */
export const EXECUTION_SETTINGS: readonly string[] = [
  'SET search_path = public',
  'SET check_function_bodies = off',
]

/** How a session with scratch, or one that makes it, begins: free of what the role or the database sets by default. */
export const SCRATCH_SETTINGS: readonly string[] = [
  'SET client_min_messages = warning',
  'SET default_transaction_read_only = off',
  'SET statement_timeout = 0',
  'SET lock_timeout = 0',
  'SET idle_session_timeout = 0',
  'SET idle_in_transaction_session_timeout = 0',
]
