import { Button, Group, Modal, Select, Stack, Switch, TextInput, VisuallyHidden } from '@mantine/core';
import { IconMapPin, IconPlus } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { client, unwrap } from '../../api/client.js';
import { keys, sitesQuery } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import type { ApproverRole, Site } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { Loaded } from '../../ui/page.js';
import pageClasses from '../../ui/page.module.css';
import { Problem } from '../../ui/problem.js';
import { zone, zones } from '../../ui/zone.js';
import { ApprovalsInput } from './approvals-input.js';
import styles from './rollouts.module.css';

const approvalWords = ({ approvals, timeZone }: Site): string =>
  timeZone === null || approvals === null
    ? t('as the rules say')
    : approvals.length === 0
      ? 'nobody'
      : approvals.join(', ');

/** Where devices stand: by which clock they are told, and who approves what they are told. */
export function SitesPanel() {
  const query = useQuery(sitesQuery);
  const admin = useMay('admin');
  const [editing, setEditing] = useState<Site | 'new' | null>(null);
  return (
    <section className={pageClasses.panel} aria-labelledby="sites-title" data-testid="sites">
      <header className={styles.sitesHead}>
        <h2 id="sites-title">{t('Sites')}</h2>
        {admin ? (
          <Button
            variant="default"
            size="md"
            leftSection={<IconPlus size={18} />}
            onClick={() => setEditing('new')}
            data-testid="add-site"
          >
            {t('Add a site')}
          </Button>
        ) : null}
      </header>
      <Loaded query={query}>
        {(sites) =>
          sites.length === 0 ? (
            <p className={styles.noSites}>
              <IconMapPin size={20} aria-hidden />{' '}
              {t(
                'Devices have no site yet. A site gives its devices a time zone for maintenance windows, and may ask for its own approvals.',
              )}
            </p>
          ) : (
            <SitesTable sites={sites} onEdit={admin ? setEditing : null} />
          )
        }
      </Loaded>
      <Modal
        opened={editing !== null}
        onClose={() => setEditing(null)}
        title={editing === 'new' ? t('Add a site') : t('Site {{name}}', { name: editing?.name ?? '' })}
        size="lg"
      >
        {editing === null ? null : (
          <SiteForm site={editing === 'new' ? null : editing} onClose={() => setEditing(null)} />
        )}
      </Modal>
    </section>
  );
}

function SitesTable({ sites, onEdit }: { sites: Site[]; onEdit: ((site: Site) => void) | null }) {
  return (
    <div className={pageClasses.scroll}>
      <table className={`${pageClasses.table} ${styles.quality}`}>
        <thead>
          <tr>
            <th>{t('Site')}</th>
            <th>{t('Time zone')}</th>
            <th>{t('Approved by')}</th>
            <th>{t('Devices')}</th>
            {onEdit ? (
              <th>
                <VisuallyHidden>{t('Change')}</VisuallyHidden>
              </th>
            ) : null}
          </tr>
        </thead>
        <tbody>
          {sites.map((site) => (
            <tr key={site.name} data-testid={`site-${site.name}`}>
              <td>
                <b>{site.name}</b>
              </td>
              <td>
                {site.timeZone ?? (
                  <span className={pageClasses.dim}>{t('not said: that of the window')}</span>
                )}
              </td>
              <td>{approvalWords(site)}</td>
              <td>{t('{{count, number}} devices', { count: site.devices })}</td>
              {onEdit ? (
                <td className={pageClasses.num}>
                  <Button
                    variant="default"
                    onClick={() => onEdit(site)}
                    aria-label={t('Change {{name}}', { name: site.name })}
                  >
                    {t('Change')}
                  </Button>
                </td>
              ) : null}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function SiteForm({ site, onClose }: { site: Site | null; onClose: () => void }) {
  const queryClient = useQueryClient();
  const [name, setName] = useState(site?.name ?? '');
  const [timeZone, setTimeZone] = useState(site?.timeZone ?? zone());
  const [hasOwn, setHasOwn] = useState(site?.approvals != null);
  const [approvals, setApprovals] = useState<ApproverRole[]>(site?.approvals ?? []);
  const options = { params: { path: { name } } };
  const done = async () => {
    await queryClient.invalidateQueries({ queryKey: keys.rollouts });
    onClose();
  };
  const save = useMutation({
    mutationFn: () =>
      unwrap(
        client.PUT('/api/v1/sites/{name}', {
          ...options,
          body: { timeZone, approvals: hasOwn ? approvals : null },
        }),
      ),
    onSuccess: done,
  });
  const forget = useMutation({
    mutationFn: () => unwrap(client.DELETE('/api/v1/sites/{name}', options)),
    onSuccess: done,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label={t('Name')}
          description={t('As the devices name it')}
          value={name}
          maxLength={64}
          required
          disabled={site !== null}
          onChange={(event) => setName(event.currentTarget.value)}
          data-testid="site-name"
        />
        <Select
          label={t('Time zone')}
          description={t('Its devices are told within a maintenance window by this clock')}
          data={zones()}
          searchable
          allowDeselect={false}
          value={timeZone}
          onChange={(chosen) => chosen && setTimeZone(chosen)}
          data-testid="site-zone"
        />
        <Switch
          size="md"
          label={t('Approvals of its own')}
          description={t('Instead of those that the rules name for all')}
          checked={hasOwn}
          onChange={(event) => setHasOwn(event.currentTarget.checked)}
          data-testid="site-own-approvals"
        />
        {hasOwn ? (
          <ApprovalsInput
            label={t('Roles that approve')}
            description={t('Somebody of each approves a rollout that touches this site')}
            value={approvals}
            onChange={setApprovals}
          />
        ) : null}
        <Problem error={save.error ?? forget.error} />
        <Group justify="space-between">
          {site?.timeZone ? (
            <Button
              variant="subtle"
              color="red"
              size="md"
              loading={forget.isPending}
              onClick={() => forget.mutate()}
            >
              {t('Forget')}
            </Button>
          ) : (
            <span />
          )}
          <Group>
            <Button variant="default" size="md" onClick={onClose}>
              {t('Cancel')}
            </Button>
            <Button
              size="md"
              type="submit"
              loading={save.isPending}
              disabled={name.trim() === ''}
              data-testid="save-site"
            >
              {t('Save')}
            </Button>
          </Group>
        </Group>
      </Stack>
    </form>
  );
}
