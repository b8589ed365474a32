/** What an operation can cost its users, by the codes that `--allow` takes. */
export const HAZARD_CODES = ['data-loss'] as const
