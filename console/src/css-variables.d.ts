import 'react';

declare module 'react' {
  interface CSSProperties {
    /** Colour of a class, for the styles of what stands for it. */
    '--class-colour'?: string;
    '--share'?: string | number;
  }
}
