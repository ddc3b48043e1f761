import { Modal } from '@mantine/core';
import classes from './review.module.css';
import { instantly, keyHelp } from './use-keys.js';

export const KeysDialog = ({ opened, onClose }: { opened: boolean; onClose: () => void }) => (
  <Modal opened={opened} onClose={onClose} title="Keys" transitionProps={instantly}>
    <dl className={classes.keyList}>
      {keyHelp.map(([key, meaning]) => (
        <div key={key}>
          <dt>
            <kbd className={classes.key}>{key}</kbd>
          </dt>
          <dd>{meaning}</dd>
        </div>
      ))}
    </dl>
  </Modal>
);
