import { Link } from '@tanstack/react-router';
import type { DatasetUse } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import pageClasses from '../../ui/page.module.css';
import { Lamp } from '../../ui/signal.js';
import { runTones, runWords } from '../training/run-state.js';
import classes from './versions.module.css';

/** Runs that learned from a version, and their models; beyond `most` only how many more there are. */
export function UsesList({
  uses,
  most = Number.POSITIVE_INFINITY,
}: {
  uses: readonly DatasetUse[];
  most?: number;
}) {
  return (
    <ul className={classes.uses}>
      {uses.slice(0, most).map(({ runId, number, kind, state, modelVersionId }) => (
        <li key={runId}>
          <Lamp tone={runTones[state]} label={t(runWords[state])} />
          <Link to="/training/$runId" params={{ runId }} className={pageClasses.link}>
            {kind === 'sweep' ? t('Bake-off {{number}}', { number }) : t('Run {{number}}', { number })}
          </Link>
          {modelVersionId ? (
            <Link to="/models" className={pageClasses.link}>
              {t('Model {{model}}', { model: modelVersionId })}
            </Link>
          ) : null}
        </li>
      ))}
      {uses.length > most ? (
        <li className={pageClasses.dim}>{t('and {{more}} more', { more: uses.length - most })}</li>
      ) : null}
    </ul>
  );
}
