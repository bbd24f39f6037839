import { AppError } from '../../shared/errors/appError'
import type { Handlers } from '../../shared/ipc/contract'
import type { ModelShelf } from '../../shared/ipc/modelViews'
import type { PushEvent } from '../../shared/ipc/views'
import type { ModelService } from './modelService'

export type ModelRoute =
  | 'models.addPaths'
  | 'models.download'
  | 'models.verify'
  | 'models.selfCheck'
  | 'models.remove'
  | 'models.cancelTask'
  | 'models.dismissTask'

export interface ModelDeskOptions {
  readonly service: ModelService
  readonly push: (event: PushEvent) => void
}

/** What is done with models in the window: tasks with progress, one at a time for each model. */
export class ModelDesk {
  readonly handlers: Pick<Handlers, ModelRoute>
  readonly shelf: ModelShelf = { folder: '', defaultId: '', models: [], offers: [], tasks: [] }

  constructor(readonly options: ModelDeskOptions) {
    const absent = (): Promise<never> => Promise.reject(new AppError('E_INTERNAL', { detail: 'not there yet' }))
    this.handlers = {
      'models.addPaths': absent,
      'models.download': absent,
      'models.verify': absent,
      'models.selfCheck': absent,
      'models.remove': absent,
      'models.cancelTask': absent,
      'models.dismissTask': absent
    }
  }
}
