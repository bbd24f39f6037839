import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/**
 * A real child process that speaks the workshop's protocol and, by the device that it is asked for, comes to the CPU's result, to
 * another, to none at all, or dies. Its files hold nothing: what it says is what counts.
 */
const FAKE_WORKSHOP = `
const probed = (device, extra) => process.send({ type: 'probed', device, loadSec: 0.1, firstSec: 0.2, audioSec: 1, wallSec: 0.5,
  peakRssBytes: 9e6, isFinite: true, snrDb: 110, ...extra })
const end = (error = null) => process.send({ type: 'ended', error })
const refuse = (detail, said = '') => process.stderr.write(said, () =>
  end({ code: 'E_DEVICE_UNAVAILABLE', data: { device: 'x', detail } }))
const modes = {
  fast: (d) => { probed(d, { wallSec: 0.01 }); end() },
  quick: (d) => { probed(d, { wallSec: 0.1 }); end() },
  slow: (d) => { probed(d, { wallSec: 2 }); end() },
  wrong: (d) => { probed(d, { snrDb: 12.1 }); end() },
  silent: (d) => { probed(d, { snrDb: null }); end() },
  nan: (d) => { probed(d, { isFinite: false, snrDb: null }); end() },
  crash: () => { process.stderr.write('Segmentation fault\\n', () => process.kill(process.pid, 'SIGSEGV')) },
  quits: () => process.exit(0),
  hang: () => { for (;;) {} },
  deaf: () => {},
  library: () => refuse('Failed to load shared library', 'Failed to load library /x/libonnxruntime_providers_cuda.so with error: libcublasLt.so.12: cannot open shared object file: No such file or directory\\n'),
  provider: () => refuse('Failed to load shared library', 'Failed to load library /x/libonnxruntime_providers_shared.so with error: /x/libonnxruntime_providers_shared.so: cannot open shared object file\\n'),
  adapter: () => refuse('Failed to get a WebGPU adapter: No supported adapters'),
  memory: () => end({ code: 'E_GPU_OOM', data: { detail: 'out of memory' } })
}
const byDevice = JSON.parse(process.env.FAKE_DEVICES)
process.on('message', (message) => {
  if (message.type !== 'probe') process.exit(0)
  if (message.device === 'cpu') { probed('cpu', { snrDb: null }); end() }
  else modes[byDevice[message.device]](message.device)
})
process.on('disconnect', () => process.exit(0))
`

/** A folder with the fake workshop, and a file that stands for a model. */
export class FakeWorkshopFolder {
  readonly root = mkdtempSync(path.join(tmpdir(), 'stillwave-devices-'))
  readonly workshopPath = path.join(this.root, 'fake-workshop.mjs')
  readonly modelPath = path.join(this.root, 'model.onnx')

  constructor() {
    writeFileSync(this.workshopPath, FAKE_WORKSHOP)
    writeFileSync(this.modelPath, 'a model')
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true })
  }
}
