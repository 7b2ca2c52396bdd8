// Modules without their own types.
declare module 'htmx.org/dist/htmx.esm.js' {
  interface Htmx {
    config: Record<string, unknown>;
    process(element: Element): void;
    swap(context: { text: string; target: Element; swap: string; sourceElement?: Element }): Promise<void>;
  }
  const htmx: Htmx;
  export default htmx;
}
declare module 'pyodide/pyodide.asm.mjs' {
  const createPyodideModule: NonNullable<NonNullable<Parameters<typeof import('pyodide').loadPyodide>[0]>['createPyodideModule']>;
  export default createPyodideModule;
}
declare module '*/bundling/engine.mjs' {
  export function slimEngine(root: string, folder: string): Promise<void>;
}
