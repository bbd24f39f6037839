import { readFileSync } from 'node:fs'
import { openSession, type Tensor, type Tensors } from '../../src/engine/onnx/runtime'

/**
 * One graph in a process of its own, on one thread: MODEL FEEDS RUNS. FEEDS is a JSON file of shapes; floats are noise, integers
 * `value`. Prints the CPU seconds of each run but the first, which warms up.
 */
interface Feed {
  readonly name: string
  readonly type: 'float32' | 'int64'
  readonly dims: readonly number[]
  readonly value?: number
}

function makeFeeds(feeds: readonly Feed[]): Tensors {
  return Object.fromEntries(feeds.map((feed) => [feed.name, makeTensor(feed)]))
}

function makeTensor({ type, dims, value }: Feed): Tensor {
  const size = dims.reduce((product, length) => product * length, 1)
  if (type === 'int64') return { type, dims, data: new BigInt64Array(size).fill(BigInt(value ?? 0)) }
  let seed = 1
  const data = Float32Array.from({ length: size }, () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
    return (seed / 2 ** 32 - 0.5) * 0.2
  })
  return { type, dims, data }
}

async function main(): Promise<void> {
  const [modelPath, feedsPath, runs] = process.argv.slice(2)
  const inputs = makeFeeds(JSON.parse(readFileSync(feedsPath!, 'utf8')) as Feed[])
  const session = await openSession(modelPath!, { device: 'cpu', threads: 1 })
  const seconds: number[] = []
  for (let i = 0; i <= Number(runs); i++) {
    const before = process.cpuUsage()
    await session.run(inputs)
    const used = process.cpuUsage(before)
    if (i > 0) seconds.push((used.user + used.system) / 1e6)
  }
  await session.release()
  console.log(JSON.stringify(seconds))
}

await main()
