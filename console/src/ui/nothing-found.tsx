import { Button } from '@mantine/core';
import { IconSearchOff } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { t } from '../i18n/index.js';
import { Blank, Panel } from './page.js';

/** What stands where a search has left nothing, with the way back to everything. */
export const NothingFound = (props: { title: string; showAll: () => void; children: ReactNode }) => (
  <Panel>
    <Blank
      icon={IconSearchOff}
      title={props.title}
      action={
        <Button variant="default" size="md" onClick={props.showAll}>
          {t('Show all')}
        </Button>
      }
    >
      {props.children}
    </Blank>
  </Panel>
);
