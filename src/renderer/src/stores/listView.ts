import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import type { Job } from '../../../shared/jobs/job'
import type { ColumnId } from '../components/list/columns'
import { filterCounts, nextSort, visibleJobs, type Filter, type Sort } from '../components/list/listQuery'
import { NOTHING_SELECTED, withoutGone, type Selection } from '../components/list/selection'
import { currentLocale } from '../i18n'
import { useQueue } from './queue'

/** How the list is looked at: filter, search, order, what is chosen. None of it is main's business. */
export const useListView = defineStore('listView', () => {
  const queue = useQueue()
  const filter = ref<Filter>('all')
  const text = ref('')
  const sort = shallowRef<Sort>(null)
  const selection = shallowRef<Selection>(NOTHING_SELECTED)
  const detailsOpen = ref(false)

  const visible = computed(() =>
    visibleJobs(queue.jobs, { filter: filter.value, text: text.value, sort: sort.value }, currentLocale())
  )
  const order = computed(() => visible.value.map((job) => job.id))
  const counts = computed(() => filterCounts(queue.counts))
  const inQueueOrder = computed(() => sort.value === null && filter.value === 'all' && text.value.trim() === '')
  const selected = computed(() => queue.jobs.filter((job) => selection.value.ids.has(job.id)))
  /** The one job that details are shown of. */
  const inDetail = computed<Job | null>(() => (selected.value.length === 1 ? (selected.value[0] ?? null) : null))

  watch([() => queue.byId, order] as const, ([jobs], [, before]) => {
    selection.value = withoutGone(selection.value, (id) => jobs.has(id), before)
  })
  function sortBy(column: ColumnId): void {
    sort.value = nextSort(sort.value, column)
  }
  function showAll(): void {
    filter.value = 'all'
    text.value = ''
  }

  return {
    filter,
    text,
    sort,
    selection,
    detailsOpen,
    visible,
    order,
    counts,
    inQueueOrder,
    selected,
    inDetail,
    sortBy,
    showAll
  }
})
