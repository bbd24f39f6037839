import { onScopeDispose, ref, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { isModelName } from '../components/models/modelFiles'
import { call, pathsOf } from '../ipc/client'
import { useModels } from '../stores/models'
import { useToasts } from '../stores/toasts'

/** A drop of files anywhere on the window adds them; model files go to the Models view. `over` is true while files hang over it. */
export function useFileDrop(): { readonly over: Readonly<Ref<boolean>> } {
  const { t } = useI18n()
  const toasts = useToasts()
  const models = useModels()
  const over = ref(false)
  /** Enter and leave come for every element on the way; the pointer is out when they are even. */
  let depth = 0

  const carriesFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false

  function enter(event: DragEvent): void {
    if (!carriesFiles(event)) return
    event.preventDefault()
    depth++
    over.value = true
  }
  function hover(event: DragEvent): void {
    // Any drop would make the page leave for the file.
    event.preventDefault()
    if (event.dataTransfer) event.dataTransfer.dropEffect = carriesFiles(event) ? 'copy' : 'none'
  }
  function leave(event: DragEvent): void {
    if (!carriesFiles(event)) return
    depth = Math.max(0, depth - 1)
    if (depth === 0) over.value = false
  }
  async function drop(event: DragEvent): Promise<void> {
    event.preventDefault()
    depth = 0
    over.value = false
    if (!carriesFiles(event)) return
    await addFiles([...(event.dataTransfer?.files ?? [])])
  }
  async function addFiles(files: readonly File[]): Promise<void> {
    await toasts.attempt(async () => {
      const paths = pathsOf(files)
      if (paths.length === 0) toasts.show('warn', t('toasts.noPaths'), t('toasts.noPathsText'))
      else await addPaths(paths)
    })
  }
  /** Onto the open Models view anything is meant as a model, and refused in words where it is none. */
  async function addPaths(paths: readonly string[]): Promise<void> {
    const named = paths.filter(isModelName)
    const rest = paths.filter((path) => !isModelName(path))
    const forModels = models.isOpen && named.length === 0 ? rest : named
    const forList = forModels === rest ? [] : rest
    if (forList.length > 0) await call('queue.addPaths', { paths: forList })
    if (forModels.length > 0) await models.addPaths(forModels)
  }

  const dropped = (event: DragEvent): void => void drop(event)
  window.addEventListener('dragenter', enter)
  window.addEventListener('dragover', hover)
  window.addEventListener('dragleave', leave)
  window.addEventListener('drop', dropped)
  onScopeDispose(() => {
    window.removeEventListener('dragenter', enter)
    window.removeEventListener('dragover', hover)
    window.removeEventListener('dragleave', leave)
    window.removeEventListener('drop', dropped)
  })
  return { over }
}
