import { register } from 'node:module';

// drizzle-kit lives in the workspace root and drizzle-orm beside this package: look for the latter from here.
const hook = `export const resolve = (name, context, next) =>
  next(name, name.startsWith('drizzle-orm') ? { ...context, parentURL: ${JSON.stringify(import.meta.url)} } : context);`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
