// Compiles web/styles/app.scss (GOV.UK Frontend in the project's own colours) to one minified style sheet.
import path from 'node:path';
import * as sass from 'sass';

/** The text of app.css. */
export async function compileStyles(root) {
  const { css } = await sass.compileAsync(path.join(root, 'web/styles/app.scss'), {
    loadPaths: [path.join(root, 'node_modules')], style: 'compressed', quietDeps: true,
  });
  return css;
}
