import { Button } from '@mantine/core';
import { Problem } from '../../ui/problem.js';
import { useSso } from './use-sso.js';

export function SsoButton(props: { label: string; next?: string; token?: string; variant?: 'default' }) {
  const { label, variant, ...journey } = props;
  const sso = useSso();
  return (
    <>
      <Button
        size="lg"
        {...(variant ? { variant } : { autoFocus: true })}
        // The browser leaves this page: busy until then.
        loading={sso.isPending || sso.isSuccess}
        onClick={() => sso.mutate(journey)}
        data-testid="sso-button"
      >
        {label}
      </Button>
      <Problem error={sso.error} />
    </>
  );
}
