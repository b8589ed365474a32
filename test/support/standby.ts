import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { serverUser } from '../../src/database/native-binaries.js'
import { startNative, type NativeServer } from '../../src/database/native.js'
import type { Database } from '../../src/database/database.js'
import { connectPostgres } from '../../src/database/postgres.js'
import { CrashingServer } from './restart.js'

/** A server and a streaming replica of it, on private sockets. */
export class Replicated {
  private constructor(
    readonly primary: NativeServer,
    readonly standbyUrl: string,
    private readonly revived: CrashingServer,
    private readonly standby: ChildProcess,
    private readonly home: string,
  ) {}

  static async start(major: number): Promise<Replicated> {
    const primary = await startNative({ major, settings: { wal_level: 'replica', max_wal_senders: '5', max_connections: '60' } })
    const revived = await CrashingServer.of(primary.url)
    // A copy of the files of a server that does not run begins where that server goes on.
    await revived.crash()
    const home = mkdtempSync('/tmp/autogen-standby-')
    const data = path.join(home, 'data')
    spawnSync('cp', ['-a', revived.data, data])
    const [program, ...args] = readFileSync(path.join(data, 'postmaster.opts'), 'utf8').trim().split(' ').map((part) => part.replace(/^"(.*)"$/, '$1'))
    const user = serverUser()
    const sockets = new URL(primary.url.replace('@/', '@localhost/')).searchParams.get('host')!
    writeFileSync(path.join(data, 'standby.signal'), '')
    appendFileSync(path.join(data, 'postgresql.auto.conf'), `primary_conninfo = 'host=${sockets} port=5432 user=postgres application_name=reader'\n`)
    if (user) spawnSync('chown', ['-R', `${user.uid}:${user.gid}`, home])
    await revived.start()
    const own = args.map((arg) => (arg === revived.data ? data : arg === sockets ? home : arg))
    const standby = spawn(program!, own, { ...user, cwd: home, stdio: 'ignore' })
    const replicated = new Replicated(primary, primary.url.replace(encodeURIComponent(sockets), encodeURIComponent(home)), revived, standby, home)
    await replicated.#streaming()
    return replicated
  }

  async onStandby(sql: string): Promise<void> {
    const database = await connectPostgres(this.standbyUrl)
    await database.executeAll([sql]).finally(() => database.close())
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.standby.once('exit', resolve))
    this.standby.kill('SIGQUIT')
    await ended
    await this.revived.stop()
    await this.primary.stop()
    rmSync(this.home, { recursive: true, force: true })
  }

  async #streaming(): Promise<void> {
    const database: Database = await connectPostgres(this.primary.url)
    try {
      for (let tries = 0; tries < 500; tries++) {
        if ((await database.query(`SELECT FROM pg_stat_replication WHERE state = 'streaming'`)).length > 0) return
        await sleep(50)
      }
      throw new Error('the standby does not stream')
    } finally {
      await database.close()
    }
  }
}
