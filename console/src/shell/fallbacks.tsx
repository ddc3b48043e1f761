import { Button, Loader } from '@mantine/core';
import { IconMapPinQuestion } from '@tabler/icons-react';
import { type ErrorComponentProps, Link, useRouter } from '@tanstack/react-router';
import { t } from '../i18n/index.js';
import { Blank, Failed } from '../ui/page.js';

export const RoutePending = () => (
  <div style={{ display: 'grid', placeItems: 'center', minHeight: '60vh' }}>
    <Loader aria-label={t('Loading')} />
  </div>
);

export function RouteFailed({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  return (
    <Failed
      error={error}
      retry={() => {
        reset();
        void router.invalidate();
      }}
    />
  );
}

export const NotFound = () => (
  <Blank
    icon={IconMapPinQuestion}
    title={t('There is nothing here')}
    action={
      <Button component={Link} to="/" variant="default" size="md">
        {t('To the fleet')}
      </Button>
    }
  >
    {t('The address may be mistyped, or what was here is gone.')}
  </Blank>
);
