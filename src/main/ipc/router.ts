import { z } from 'zod'
import { AppError, toAppError } from '../../shared/errors/appError'
import { CONTRACT, type Handlers, type RouteName } from '../../shared/ipc/contract'
import type { Envelope } from '../../shared/ipc/envelope'

// The parsers must not be built with `new Function`: one rule for the page and for main.
z.config({ jitless: true })

const Call = z.strictObject({ route: z.string().max(64), request: z.unknown() })

type AnyHandler = (request: unknown) => Promise<unknown>

function isRoute(name: string): name is RouteName {
  return Object.hasOwn(CONTRACT, name)
}

function badRequest(detail: string): AppError {
  return new AppError('E_BAD_REQUEST', { detail })
}

/** Where it does not fit, without what was in it. */
function faultOf(error: z.ZodError): string {
  const [issue] = error.issues
  return issue === undefined ? 'unknown' : `${issue.path.join('.') || 'request'}: ${issue.code}`
}

async function answer(handlers: Handlers, call: unknown): Promise<unknown> {
  const parsedCall = Call.safeParse(call)
  if (!parsedCall.success) throw badRequest('not a call')
  const { route, request } = parsedCall.data
  if (!isRoute(route)) throw badRequest('unknown route')
  const parsed = CONTRACT[route].request.safeParse(request)
  if (!parsed.success) throw badRequest(`${route}, ${faultOf(parsed.error)}`)
  return (handlers[route] as AnyHandler)(parsed.data)
}

function envelopeOf(thrown: unknown, log: (line: string) => void): Envelope<never> {
  const error = toAppError(thrown)
  if (error.code === 'E_BAD_REQUEST') log(error.message)
  // What nobody foresaw is for the log: its message and stack stay here.
  if (!(thrown instanceof AppError) && error.code === 'E_INTERNAL') {
    log(`unexpected: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}`)
    return { ok: false, error: { code: 'E_INTERNAL', data: {} } }
  }
  return { ok: false, error: error.toPayload() }
}

/** Answers one call of the window: route, request, handler, envelope. Never throws. */
export async function answerCall(
  handlers: Handlers,
  call: unknown,
  log: (line: string) => void
): Promise<Envelope<unknown>> {
  try {
    return { ok: true, data: await answer(handlers, call) }
  } catch (thrown) {
    return envelopeOf(thrown, log)
  }
}
