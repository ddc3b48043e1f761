import { Button, SegmentedControl } from '@mantine/core';
import { IconUsersGroup } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { classesQuery, labelQualityQuery } from '../../api/queries.js';
import { useMay } from '../../api/session.js';
import type { LabelQuality } from '../../api/types.js';
import { phrases, t } from '../../i18n/index.js';
import { integer, percent } from '../../ui/format.js';
import { Blank, Figure, Figures, Loaded, Page, Panel } from '../../ui/page.js';
import classes from './label-quality.module.css';
import { AgreementTables, PeopleTable } from './people-table.js';
import { coefficient } from './rate.js';
import { SettingsPanel } from './settings-panel.js';

const spans = phrases({ 7: '7 days', 30: '30 days', 90: '90 days', 365: 'A year' });

/** How far labels can be trusted; an operator sees their own figures. */
export function LabelQualityPage() {
  const [days, setDays] = useState(90);
  const query = useQuery(labelQualityQuery(days));
  const names = new Map((useQuery(classesQuery).data ?? []).map(({ id, name }) => [id, name]));
  const engineer = useMay('engineer');
  const nameOf = (id: string | null) => (id === null ? t('Unsure') : (names.get(id) ?? id));
  return (
    <Page
      title={t('Label quality')}
      actions={
        <>
          <SegmentedControl
            aria-label={t('So far back')}
            value={String(days)}
            onChange={(value) => setDays(Number(value))}
            data={Object.entries(spans).map(([value, label]) => ({ value, label: t(label) }))}
          />
          <Button component={Link} to="/review" variant="default">
            {t('To the queue')}
          </Button>
        </>
      }
    >
      <Loaded query={query}>
        {(quality) => (
          <>
            {quality.own ? null : <Overview quality={quality} />}
            {quality.people.length === 0 ? (
              <Panel>
                <Blank icon={IconUsersGroup} title={t('Nobody has answered yet')}>
                  {t(
                    'Once people label frames and a second person is asked about some of them, this page says how far they agree.',
                  )}
                </Blank>
              </Panel>
            ) : (
              <>
                <PeopleTable quality={quality} nameOf={nameOf} />
                {quality.own || quality.all.agreed.n === 0 ? null : (
                  <AgreementTables quality={quality} nameOf={nameOf} />
                )}
              </>
            )}
            <p className={classes.words}>
              {t(
                'Figures come from second opinions that were asked for by chance, of a person who did not know the first answer, and from frames whose answer is known. The bar is the 95 % interval after Wilson; n is the number of frames. Kappa and alpha are agreement beyond chance. An hour is an hour of answering: pauses above a minute are left out.',
              )}
            </p>
            {engineer ? <SettingsPanel /> : null}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Overview({ quality: { all, awaited, disputed, known } }: { quality: LabelQuality }) {
  const { value, low, high, n } = all.agreed;
  return (
    <Figures>
      <Figure
        label={t('Two people said the same')}
        value={value === null ? '–' : percent(value)}
        note={
          low === null || high === null
            ? 'n 0'
            : t('{{low}} to {{high}}, n {{n}}', { low: percent(low), high: percent(high), n: integer(n) })
        }
        testId="quality-agreed"
      />
      <Figure label={t('Krippendorff’s alpha')} value={coefficient(all.alpha)} note={`n ${integer(n)}`} />
      <Figure label={t('Second opinions to come')} value={integer(awaited)} />
      <Figure
        label={t('Known answers')}
        value={integer(known)}
        note={known > 0 ? null : t('Mark some in the dataset')}
      />
      <Figure
        label={t('Disputed frames')}
        value={integer(disputed)}
        note={disputed > 0 ? <Link to="/review/disputed">{t('Decide them')}</Link> : t('none')}
      />
    </Figures>
  );
}
