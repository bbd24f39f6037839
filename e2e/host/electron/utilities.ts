/** The living utility processes: a test kills by name. */
export const children = new Set<{ readonly pid: number; readonly serviceName: string }>()
