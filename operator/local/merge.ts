type Json = Record<string, unknown>

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * What server-side apply does to what is owned: maps are merged, lists and scalars replaced. `owned` is what the last
 * apply said; keys that it had and `applied` has not are given up.
 */
export function applyOver(live: unknown, applied: unknown, owned: unknown): unknown {
  if (!isObject(applied)) return applied
  const base = isObject(live) ? live : {}
  const before = isObject(owned) ? owned : {}
  const given = Object.keys(before).filter((key) => !(key in applied))
  const kept = Object.entries(base).filter(([key]) => !given.includes(key))
  const merged = Object.entries(applied)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => [key, applyOver(base[key], value, before[key])])
  return Object.fromEntries([...kept, ...merged] as [string, unknown][])
}
