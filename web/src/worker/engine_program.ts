// Pyodide's own program, in a file of its own: it is large, and the worker has other things to do while it is read.
export { loadPyodide } from 'pyodide';
export { default as createPyodideModule } from 'pyodide/pyodide.asm.mjs';
