/** For one record at a time, of all stores. */
let written = Buffer.alloc(1024)

/** Memory of at least so many bytes, until it is asked for again. */
export function scratch(bytes: number): Buffer {
  if (written.length < bytes) written = Buffer.alloc(bytes * 2)
  return written
}
