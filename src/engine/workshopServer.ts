import { RequestServer } from './requestServer'
import { convertCheckpoint } from './workshopConvert'
import { inspectModel } from './workshopInspect'
import { probeDevice } from './workshopProbe'
import { WorkshopRequest, type WorkshopEvent } from './workshopProtocol'
import { tryModel } from './workshopTrial'
import { unpackLibraries } from './workshopUnpack'

type Work = Exclude<WorkshopRequest, { type: 'shutdown' }>

/** Looks into model files, converts and tries them. */
export function workshopServer(send: (event: WorkshopEvent) => void): RequestServer<WorkshopRequest, WorkshopEvent> {
  return new RequestServer(send, { parse: (message) => WorkshopRequest.parse(message), serve })
}

async function serve(request: Work, send: (event: WorkshopEvent) => void): Promise<void> {
  if (request.type === 'inspect') send({ type: 'inspected', found: await inspectModel(request.path) })
  else if (request.type === 'try') send(await tryModel(request))
  else if (request.type === 'probe') send(await probeDevice(request))
  else if (request.type === 'unpack') send(await unpackLibraries(request, send))
  else send(await convertCheckpoint(request, send))
}
