import { ActionIcon, Menu, Modal } from '@mantine/core';
import { IconArrowMerge, IconArrowsSplit2, IconDots, IconPencil } from '@tabler/icons-react';
import { useState } from 'react';
import type { ClassItem } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { MergeForm } from './merge-form.js';
import { RenameForm } from './rename-form.js';
import { SplitForm } from './split-form.js';

type Change = 'rename' | 'merge' | 'split';

const titles: Record<Change, (name: string) => string> = {
  rename: (name) => t('Rename {{name}}', { name }),
  merge: (name) => t('Merge {{name}} into another class', { name }),
  split: (name) => t('Split {{name}}', { name }),
};

/** What an engineer may do to a class. */
export function ClassMenu({ item, classList }: { item: ClassItem; classList: readonly ClassItem[] }) {
  const [changing, setChanging] = useState<Change | null>(null);
  const close = () => setChanging(null);
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon
            variant="subtle"
            color="gray"
            size={44}
            aria-label={t('Change {{name}}', { name: item.name })}
            data-testid={`class-menu-${item.id}`}
          >
            <IconDots size={22} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconPencil size={18} />} onClick={() => setChanging('rename')}>
            {t('Rename')}
          </Menu.Item>
          <Menu.Item
            leftSection={<IconArrowMerge size={18} />}
            disabled={classList.length < 2}
            onClick={() => setChanging('merge')}
          >
            {t('Merge into another')}
          </Menu.Item>
          <Menu.Item leftSection={<IconArrowsSplit2 size={18} />} onClick={() => setChanging('split')}>
            {t('Split')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal opened={changing !== null} onClose={close} title={changing ? titles[changing](item.name) : ''}>
        {changing === 'rename' ? <RenameForm item={item} close={close} /> : null}
        {changing === 'merge' ? <MergeForm item={item} classList={classList} close={close} /> : null}
        {changing === 'split' ? <SplitForm item={item} close={close} /> : null}
      </Modal>
    </>
  );
}
