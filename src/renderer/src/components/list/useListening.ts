import type { Job } from '../../../../shared/jobs/job'
import { useDock } from '../../stores/dock'
import { usePlayer } from '../../stores/player'
import { usePreview } from '../../stores/preview'

/** From a row of the list into the player. */
export function useListening(): { readonly listen: (job: Job) => void; readonly tryOut: (job: Job) => void } {
  const dock = useDock()
  const player = usePlayer()
  const preview = usePreview()
  return {
    listen: (job) => {
      dock.show('listen')
      void player.openJob(job.id, { play: true, focus: true })
    },
    /** A part of it with the form's settings, where the noise is loudest; the file itself is opened meanwhile. */
    tryOut: (job) => {
      dock.show('listen')
      preview.from = 'noise'
      if (player.clip?.jobId !== job.id) void player.openJob(job.id, { focus: true })
      void preview.start(job.id)
    }
  }
}
