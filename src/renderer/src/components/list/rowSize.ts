/** Heights that the virtual list and the drag of rows compute with; the markup's `h-9` and `h-8`. */
export const ROW_PX = 36
export const HEAD_PX = 32
