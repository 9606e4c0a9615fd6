/** Plain ones, to be made wrong in one place. */
export const kafka = { bootstrapServers: ['kafka:9092'] }
export const goodTopic = { kafka, partitions: 3 }
export const input = { name: 'in', topic: 'in' }
export const goodJob = {
  kafka,
  inputs: [input],
  steps: [{ name: 'large', from: 'in', filter: 'value.amount > 500' }],
  outputs: [{ from: 'large', topic: 'out' }],
}
