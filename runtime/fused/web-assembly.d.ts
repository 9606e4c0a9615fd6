/** The part of WebAssembly that the kernel needs; TypeScript knows it only together with the whole browser. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array)
  }
  class Instance {
    constructor(module: Module)
    readonly exports: Readonly<Record<string, unknown>>
  }
  class Global {
    value: unknown
  }
  class Memory {
    readonly buffer: ArrayBuffer
    grow(pages: number): number
  }
}
