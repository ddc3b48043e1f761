import { IconTransfer } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { transfersQuery } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import { t } from '../../i18n/index.js';
import { Blank, Loaded, Page, Panel } from '../../ui/page.js';
import classes from './exchange.module.css';
import { ExportForm } from './export-form.js';
import { ImportForm } from './import-form.js';
import { RulesPanel } from './rules-panel.js';
import { TransferCard } from './transfer-card.js';
import { isUnderWay } from './words.js';

/** Datasets that come in and go out as archives, the rules for their frames, and archives that did. */
export function ExchangePage() {
  const transfers = useQuery(transfersQuery);
  const engineer = useMay('engineer');
  return (
    <Page title={t('Import and export')}>
      {engineer ? (
        <div className={classes.ways}>
          <ImportForm />
          <ExportForm />
        </div>
      ) : null}
      <Loaded query={transfers}>
        {(items) =>
          items.length === 0 ? (
            <Panel>
              <Blank icon={IconTransfer} title={t('Nothing has come in or gone out yet')}>
                {t(
                  'Labels can be handed out as an archive for CVAT, Label Studio and others, and brought back.',
                )}
              </Blank>
            </Panel>
          ) : (
            items.filter(isUnderWay).map((transfer) => <TransferCard key={transfer.id} transfer={transfer} />)
          )
        }
      </Loaded>
      {engineer ? <RulesPanel /> : null}
      {(transfers.data ?? [])
        .filter((transfer) => !isUnderWay(transfer))
        .map((transfer) => (
          <TransferCard key={transfer.id} transfer={transfer} />
        ))}
    </Page>
  );
}
