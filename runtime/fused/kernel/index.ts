export * from './columns'
export { indexRecords } from './index-records'
export { names, readKeys, scanValues } from './scan-json'
export { formatNumbers, NUMBER_BYTES } from './format-numbers'
export { partitionRecords } from './murmur2'
export { projectValue, texts } from './project-values'
export { encoded, encodeRecords, maxTimestamp } from './encode-records'

/** First address that the caller may use. */
export function heapBase(): usize {
  return __heap_base
}
