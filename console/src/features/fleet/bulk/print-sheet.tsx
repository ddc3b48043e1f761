import { QRCodeSVG } from 'qrcode.react';
import { useEffect } from 'react';
import { createPortal } from 'react-dom';
import type { ClaimTokenList } from '../../../api/types.js';
import { t } from '../../../i18n/index.js';
import { moment } from '../../../ui/format.js';
import { claimContent } from '../claim-content.js';
import classes from './print-sheet.module.css';

/** One label a device, on paper only; goes away when the print is done. */
export function PrintSheet({ list, onPrinted }: { list: ClaimTokenList; onPrinted: () => void }) {
  useEffect(() => {
    window.addEventListener('afterprint', onPrinted);
    window.print();
    return () => window.removeEventListener('afterprint', onPrinted);
  }, [onPrinted]);
  return createPortal(
    <div className={classes.sheet} data-testid="print-sheet">
      {list.items.map(({ name, token }) => (
        <div key={name} className={classes.label}>
          <QRCodeSVG value={claimContent(list.enrolUrl, token)} size={150} marginSize={4} title={name} />
          <b>{name}</b>
          <span>{t('until {{expiresAt}}', { expiresAt: moment(list.expiresAt) })}</span>
        </div>
      ))}
    </div>,
    document.body,
  );
}
