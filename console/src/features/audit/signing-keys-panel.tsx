import { useQuery } from '@tanstack/react-query';
import { signingKeysQuery } from '../../api/queries.js';
import { phrases, t } from '../../i18n/index.js';
import { moment } from '../../ui/format.js';
import { Loaded, Loading, Panel } from '../../ui/page.js';
import classes from '../../ui/page.module.css';
import { Note } from '../../ui/signal.js';

const names = phrases({
  root: 'Root',
  targets: 'Releases',
  snapshot: 'Snapshot',
  timestamp: 'Timestamp',
});

/** Whose signatures devices follow, and what a person should do about these keys. */
export function SigningKeysPanel() {
  const keys = useQuery(signingKeysQuery);
  return (
    <Loaded query={keys} skeleton={<Loading rows={1} height={220} />}>
      {({ roles, warnings }) => (
        <>
          {warnings.map(({ code, message }) => (
            <Note key={code + message} tone={code === 'signing_key_missing' ? 'bad' : 'warn'} code={code}>
              {message.charAt(0).toUpperCase() + message.slice(1)}.
            </Note>
          ))}
          <Panel flush>
            <div className={classes.scroll}>
              <table className={classes.table} data-testid="signing-keys">
                <thead>
                  <tr>
                    <th>{t('Signs what devices run')}</th>
                    <th>{t('Keys')}</th>
                    <th>{t('On this server')}</th>
                    <th>{t('Version')}</th>
                    <th>{t('Runs out')}</th>
                  </tr>
                </thead>
                <tbody>
                  {roles.map(({ role, threshold, keys: held, version, expires }) => (
                    <tr key={role}>
                      <td className={classes.strong}>{t(names[role])}</td>
                      <td>{t('{{threshold}} of {{held}} sign', { threshold, held: held.length })}</td>
                      <td>{held.filter(({ here }) => here).length || t('None')}</td>
                      <td>{version}</td>
                      <td>{moment(expires)}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          </Panel>
        </>
      )}
    </Loaded>
  );
}
