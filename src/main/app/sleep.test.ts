import { describe, expect, test } from 'vitest'
import { run, sleepCommand } from './sleep'

describe('sleep', () => {
  test("is the system's own command, by full path where the search path is open to the working folder", () => {
    expect(sleepCommand('linux')).toEqual({ program: 'systemctl', args: ['suspend'] })
    expect(sleepCommand('darwin')).toEqual({ program: '/usr/bin/pmset', args: ['sleepnow'] })
    expect(sleepCommand('win32', 'D:\\Win')).toEqual({
      program: 'D:\\Win\\System32\\rundll32.exe',
      args: ['powrprof.dll,SetSuspendState', '0,1,0']
    })
    expect(sleepCommand('aix')).toBeNull()
  })

  test("a refusal is told in the system's words (the machine stayed awake without a sign)", async () => {
    const refuse = { program: process.execPath, args: ['-e', 'console.error("Access denied"); process.exit(1)'] }
    await expect(run(refuse)).rejects.toThrow('Access denied')
    await expect(run({ program: process.execPath, args: ['-e', ''] })).resolves.toBeUndefined()
  })

  test('a command that is not there is told', async () => {
    await expect(run({ program: 'no-such-program-here', args: [] })).rejects.toThrow(/ENOENT/u)
  })
})
