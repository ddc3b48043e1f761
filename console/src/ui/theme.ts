import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from '@mantine/core';
import { t } from '../i18n/index.js';

const steel: MantineColorsTuple = [
  '#eaf4fc',
  '#d3e6f6',
  '#a6cdee',
  '#76b3e6',
  '#4d9ce0',
  '#338dda',
  '#217fcf',
  '#1567ad',
  '#0e5690',
  '#08426f',
];
const graphite: MantineColorsTuple = [
  '#e8ecf0',
  '#c3cad2',
  '#9aa6b2',
  '#6d7985',
  '#38424d',
  '#262e37',
  '#191f26',
  '#10141a',
  '#0b0f13',
  '#07090c',
];

const closing = () => ({ closeButtonProps: { 'aria-label': t('Close') } });
const touch = { defaultProps: { size: 'md' } } as const;

export const theme = createTheme({
  primaryColor: 'steel',
  primaryShade: 7,
  colors: { steel, dark: graphite },
  defaultRadius: 'sm',
  fontFamily:
    'Inter, "Segoe UI Variable Text", "Segoe UI", system-ui, -apple-system, Roboto, "Helvetica Neue", "Liberation Sans", Arial, sans-serif',
  fontFamilyMonospace:
    'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace',
  fontSizes: { xs: '0.8125rem', sm: '0.9375rem', md: '1rem', lg: '1.125rem', xl: '1.375rem' },
  headings: { fontWeight: '650', sizes: { h1: { fontSize: '1.625rem' }, h2: { fontSize: '1.1875rem' } } },
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    TextInput: touch,
    PasswordInput: touch,
    NumberInput: touch,
    Select: touch,
    Textarea: touch,
    Modal: {
      defaultProps: () => ({
        centered: true,
        overlayProps: { backgroundOpacity: 0.55 },
        radius: 'md',
        padding: 'lg',
        ...closing(),
      }),
      styles: { title: { fontSize: '1.1875rem', fontWeight: 650 } },
    },
    Notification: { defaultProps: closing },
    Drawer: {
      defaultProps: () => ({ position: 'right', overlayProps: { backgroundOpacity: 0.45 }, ...closing() }),
    },
  },
});

/** The surface of the console: page, panel, line and the four signal colours, in both schemes. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: { '--ls-stage': '#0b0e12' },
  light: {
    '--mantine-color-body': '#ffffff',
    '--mantine-color-dimmed': '#566270',
    '--mantine-color-placeholder': '#566270',
    '--ls-page': '#eef1f4',
    '--ls-surface': '#ffffff',
    '--ls-sunken': '#f4f6f8',
    '--ls-line': '#d5dce3',
    '--ls-ink': '#12181f',
    '--ls-dim': '#566270',
    '--ls-ok': '#14854a',
    '--ls-warn': '#a85f00',
    '--ls-bad': '#c62a2a',
    '--ls-idle': '#8794a1',
    '--ls-accent': '#1567ad',
    '--ls-ok-wash': '#e3f4ea',
    '--ls-warn-wash': '#fdf0d8',
    '--ls-bad-wash': '#fce6e5',
    '--ls-accent-wash': '#e2eff9',
  },
  dark: {
    '--mantine-color-body': '#191f26',
    '--mantine-color-dimmed': '#9aa6b2',
    '--mantine-color-placeholder': '#9aa6b2',
    '--ls-page': '#10141a',
    '--ls-surface': '#191f26',
    '--ls-sunken': '#141920',
    '--ls-line': '#2b343e',
    '--ls-ink': '#e8ecf0',
    '--ls-dim': '#9aa6b2',
    '--ls-ok': '#45c480',
    '--ls-warn': '#f2ac3c',
    '--ls-bad': '#ff7a70',
    '--ls-idle': '#6d7985',
    '--ls-accent': '#62b0f2',
    '--ls-ok-wash': '#14301f',
    '--ls-warn-wash': '#372710',
    '--ls-bad-wash': '#3c1b1b',
    '--ls-accent-wash': '#132c42',
  },
});
