import { job, stream } from 'millrace'

interface Reading {
  readonly sensor: string
  readonly celsius: number
}

interface Heat {
  readonly readings: number
  readonly hottest: number
}

/** Sensors that have been hot three times or more, with the hottest they have been. */
export default job(
  stream<Reading>('readings')
    .filter('hot', ({ value }) => value.celsius > 80)
    .groupBy('by-sensor', ({ value }) => value.sensor)
    .aggregate<Heat>('heat', {
      initial: () => ({ readings: 0, hottest: 0 }),
      add: ({ readings, hottest }, { value }) => ({
        readings: readings + 1,
        hottest: Math.max(hottest, value.celsius),
      }),
    })
    .toStream()
    .filter('often', ({ value }) => value.readings >= 3)
    .mapValues('alert', ({ key, value }) => ({ sensor: key, ...value }))
    .to('heat-alerts'),
)
