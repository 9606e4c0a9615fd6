/** By how much `y` grows for each unit of `x`, by least squares; NaN for fewer than two different `x`. */
export function slopeOf(points: readonly { readonly x: number; readonly y: number }[]): number {
  const meanX = mean(points.map(({ x }) => x))
  const meanY = mean(points.map(({ y }) => y))
  const along = sum(points.map(({ x, y }) => (x - meanX) * (y - meanY)))
  return along / sum(points.map(({ x }) => (x - meanX) ** 2))
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0)
export const mean = (numbers: readonly number[]): number => sum(numbers) / numbers.length
