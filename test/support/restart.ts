import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { serverUser } from '../../src/database/native-binaries.js'
import { connectPostgres } from '../../src/database/postgres.js'

/** Stops a server as a crash would, and starts it again on its data directory, of which its postmaster tells the command line. */
export class CrashingServer {
  #child: ChildProcess | undefined

  private constructor(
    readonly url: string,
    readonly data: string,
  ) {}

  static async of(url: string): Promise<CrashingServer> {
    const database = await connectPostgres(url)
    try {
      const [[data]] = (await database.query('SHOW data_directory')) as [[string]]
      return new CrashingServer(url, data)
    } finally {
      await database.close()
    }
  }

  async crash(): Promise<void> {
    const lock = path.join(this.data, 'postmaster.pid')
    process.kill(Number(readFileSync(lock, 'utf8').split('\n')[0]), 'SIGQUIT')
    while (existsSync(lock)) await sleep(10)
  }

  async start(): Promise<void> {
    const [program, ...args] = readFileSync(path.join(this.data, 'postmaster.opts'), 'utf8').trim().split(' ').map((part) => part.replace(/^"(.*)"$/, '$1'))
    this.#child = spawn(program!, args, { ...serverUser(), cwd: this.data, stdio: 'ignore' })
    for (let tries = 0; ; tries++) {
      await sleep(20)
      const database = await connectPostgres(this.url).catch((error: unknown) => {
        if (tries > 500) throw error
        return undefined
      })
      if (database) return database.close()
    }
  }

  /** Ends the server that `start` started. */
  async stop(): Promise<void> {
    const child = this.#child
    if (!child || child.exitCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGINT')
    await ended
  }
}
