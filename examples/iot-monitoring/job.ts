import { count, fields, job, max, stream } from 'millrace'

interface Reading {
  readonly sensor: string
  readonly celsius: number
}

/** Sensors that have been hot three times or more, with the hottest they have been. */
export default job(
  stream<Reading>('readings')
    .filter('hot', ({ value }) => value.celsius > 80)
    .groupBy('by-sensor', ({ value }) => value.sensor)
    .aggregate('heat', fields({ readings: count(), hottest: max(({ value }) => value.celsius) }))
    .toStream()
    .filter('often', ({ value }) => value.readings >= 3)
    .mapValues('alert', ({ key, value }) => ({ sensor: key, ...value }))
    .to('heat-alerts'),
)
