import { Button, CopyButton } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { t } from '../i18n/index.js';

/** Text to be taken elsewhere, as it is. */
export function Copyable({ text, label, testId }: { text: string; label: string; testId?: string }) {
  return (
    <div>
      <div style={{ display: 'flex', alignItems: 'center', marginBottom: 6 }}>
        <b style={{ fontSize: '0.9375rem' }}>{label}</b>
        <CopyButton value={text} timeout={2_000}>
          {({ copied, copy }) => (
            <Button
              ml="auto"
              size="compact-md"
              variant="subtle"
              leftSection={copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
              onClick={copy}
            >
              {copied ? t('Copied') : t('Copy')}
            </Button>
          )}
        </CopyButton>
      </div>
      <pre
        style={{
          margin: 0,
          padding: '12px 14px',
          border: '1px solid var(--ls-line)',
          borderRadius: 6,
          background: 'var(--ls-sunken)',
          fontFamily: 'var(--mantine-font-family-monospace)',
          fontSize: '0.8125rem',
          whiteSpace: 'pre-wrap',
          overflowWrap: 'anywhere',
        }}
        {...(testId ? { 'data-testid': testId } : {})}
      >
        {text}
      </pre>
    </div>
  );
}
