import { prepareMaterial } from './naiveMaterial'
import { denoiseWhole } from './naiveRun'
import { scoreResults } from './naiveScore'
import { NaiveRequest, type NaiveEvent } from './protocol'
import { RequestServer } from './requestServer'

type Work = Exclude<NaiveRequest, { type: 'shutdown' }>

/** The usual way; a process that was given one request is of no use for another figure. */
export function naiveServer(send: (event: NaiveEvent) => void): RequestServer<NaiveRequest, NaiveEvent> {
  return new RequestServer(send, { parse: (message) => NaiveRequest.parse(message), serve })
}

async function serve(request: Work, send: (event: NaiveEvent) => void): Promise<void> {
  if (request.type === 'prepare') send(await prepareMaterial(request))
  else if (request.type === 'score') for await (const scores of scoreResults(request)) send(scores)
  else for await (const cost of denoiseWhole(request)) send(cost)
}
