import { Button } from '@mantine/core';
import { IconArrowsExchange, IconEqual } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { datasetDifferenceQuery } from '../../api/queries.js';
import type { ChangeKind, DatasetDifference } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { integer } from '../../ui/format.js';
import { Blank, Loaded, Page } from '../../ui/page.js';
import pageClasses from '../../ui/page.module.css';
import { ChangeList } from './change-list.js';
import { ChangedFrames } from './changed-frames.js';
import { changeKinds, changeWords } from './difference.js';
import classes from './versions.module.css';

const route = getRouteApi('/shell/dataset/versions/$from/diff/$to');

/** What came, went and changed between two versions, and the frames behind each count. */
export function DifferencePage() {
  const { from, to } = route.useParams();
  const navigate = useNavigate();
  const difference = useQuery(datasetDifferenceQuery(from, to));
  const numbers = difference.data && { from: difference.data.from.number, to: difference.data.to.number };
  return (
    <Page
      title={numbers ? t('Version {{from}} to version {{to}}', numbers) : t('What changed')}
      sub={
        <Link to="/dataset/versions" className={pageClasses.link}>
          {t('All versions')}
        </Link>
      }
      actions={
        <Button
          variant="default"
          leftSection={<IconArrowsExchange size={18} />}
          onClick={() =>
            void navigate({ to: '/dataset/versions/$from/diff/$to', params: { from: to, to: from } })
          }
        >
          {t('The other way round')}
        </Button>
      }
    >
      <Loaded query={difference}>{(data) => <Changes difference={data} />}</Loaded>
    </Page>
  );
}

function Changes({ difference }: { difference: DatasetDifference }) {
  const { from, to, counts, same } = difference;
  const search = route.useSearch();
  const navigate = useNavigate();
  const kind = search.kind ?? changeKinds.find((each) => counts[each] > 0) ?? 'came';
  const go = (next: { kind: ChangeKind; was?: string; is?: string }) =>
    void navigate({
      to: '/dataset/versions/$from/diff/$to',
      params: { from: from.id, to: to.id },
      search: next,
      replace: true,
      resetScroll: false,
    });
  return (
    <>
      <div className={classes.kinds} role="tablist" aria-label={t('What changed')} data-testid="change-kinds">
        {changeKinds.map((each) => (
          <button
            key={each}
            type="button"
            role="tab"
            aria-selected={each === kind}
            disabled={counts[each] === 0}
            onClick={() => go({ kind: each })}
            data-testid={`change-${each}`}
          >
            <b>{integer(counts[each])}</b>
            <span>{t(changeWords[each])}</span>
          </button>
        ))}
        <div className={classes.same}>
          <b>{integer(same)}</b>
          <span>{t('the same in both')}</span>
        </div>
      </div>
      {changeKinds.every((each) => counts[each] === 0) ? (
        <Blank icon={IconEqual} title={t('Nothing changed')}>
          {t('Both versions hold the same frames, with the same labels.')}
        </Blank>
      ) : null}
      <ChangeList difference={difference} kind={kind} search={search} go={go} />
      {counts[kind] > 0 ? (
        <ChangedFrames
          key={JSON.stringify([from.id, to.id, kind, search.was, search.is])}
          from={from}
          to={to}
          kind={kind}
          was={search.was}
          is={search.is}
        />
      ) : null}
    </>
  );
}
