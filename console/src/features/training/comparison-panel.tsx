import { useQuery } from '@tanstack/react-query';
import { devicesQuery } from '../../api/queries.js';
import type { Comparison } from '../../api/types.js';
import { phrases, t } from '../../i18n/index.js';
import { decimal, integer, percent } from '../../ui/format.js';
import { Panel } from '../../ui/page.js';
import pageClasses from '../../ui/page.module.css';
import { Note } from '../../ui/signal.js';
import classes from './training.module.css';
import { verdictTones, verdictWords, worseSlices } from './verdict.js';

type Slice = Comparison['slices'][number];
type Compared = NonNullable<Comparison['overall']>;

const kinds: Record<Slice['by'], string> = phrases({ device: 'Device', shift: 'Shift', class: 'Class' });

/** The new model beside the champion of the time, on frames that taught neither. */
export function ComparisonPanel({ comparison, names }: Props) {
  const { verdict, overall, slices, excluded, champion } = comparison;
  const devices = useQuery(devicesQuery).data ?? [];
  const nameOf = ({ by, slice }: Slice): string =>
    by === 'class'
      ? (names.get(slice) ?? slice)
      : by === 'device'
        ? (devices.find(({ id }) => id === slice)?.name ?? slice)
        : slice;
  const worse = verdict === 'worse' ? [] : worseSlices(comparison);
  return (
    <Panel title={t('Against the champion')}>
      <div className={classes.verdict} data-testid="training-verdict" data-verdict={verdict}>
        <Note tone={verdictTones[verdict]}>
          {verdictWords(comparison)}
          {verdict === 'not-better' || verdict === 'worse' ? t(' The champion stays.') : ''}
        </Note>
        {worse.length > 0 ? (
          <Note tone="warn">
            {t('Worse beyond chance for {{worse}}.', {
              worse: worse.map((slice) => nameOf(slice)).join(', '),
            })}
          </Note>
        ) : null}
      </div>
      {overall ? (
        <div className={pageClasses.scroll}>
          <table className={`${pageClasses.table} ${classes.perClass}`} data-testid="training-comparison">
            <thead>
              <tr>
                <th>{t('Compared on')}</th>
                <th className={pageClasses.num} title={t('Share of frames that were right, of the champion')}>
                  {champion}
                </th>
                <th
                  className={pageClasses.num}
                  title={t('Share of frames that were right, of the new model')}
                >
                  {t('New')}
                </th>
                <th className={pageClasses.num} title={t('Frames that only one of the two got right')}>
                  {t('Only {{champion}} / only new', { champion })}
                </th>
                <th
                  className={pageClasses.num}
                  title={t(
                    'How often equally good models would differ at least so much; in a slice, corrected for the number of slices',
                  )}
                >
                  p
                </th>
                <th className={pageClasses.num}>n</th>
              </tr>
            </thead>
            <tbody>
              <Row name={t('All frames')} compared={overall} p={overall.pValue} />
              <tr>
                <td>{t('Balanced')}</td>
                <td className={pageClasses.num}>
                  <Share of={overall.champion.balancedAccuracy} />
                </td>
                <td className={pageClasses.num}>
                  <Share of={overall.challenger.balancedAccuracy} />
                </td>
                <td colSpan={3} />
              </tr>
              {slices.map((slice) => (
                <Row
                  key={`${slice.by} ${slice.slice}`}
                  kind={t(kinds[slice.by])}
                  name={nameOf(slice)}
                  compared={slice}
                  p={slice.correctedPValue}
                />
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
      <Excluded {...excluded} />
    </Panel>
  );
}

interface Props {
  comparison: Comparison;
  /** Names of the classes by id. */
  names: ReadonlyMap<string, string>;
}

interface Estimate {
  value: number | null;
  low: number | null;
  high: number | null;
}

/** A share and its 95 % interval. */
function Share({ of: { value, low, high } }: { of: Estimate }) {
  if (value === null) return '–';
  return (
    <>
      {percent(value, 1)}{' '}
      {low === null || high === null ? null : (
        <span className={`${pageClasses.dim} ${classes.interval}`}>
          {percent(low)}–{percent(high)}
        </span>
      )}
    </>
  );
}

function Row({ kind, name, compared, p }: { kind?: string; name: string; compared: Compared; p: number }) {
  return (
    <tr>
      <td className={kind ? undefined : pageClasses.strong}>
        {kind ? <span className={pageClasses.dim}>{kind} </span> : null}
        {name}
      </td>
      <td className={pageClasses.num}>
        <Share of={compared.champion.accuracy} />
      </td>
      <td className={pageClasses.num}>
        <Share of={compared.challenger.accuracy} />
      </td>
      <td className={pageClasses.num}>
        {integer(compared.onlyChampion)} / {integer(compared.onlyChallenger)}
      </td>
      <td className={pageClasses.num}>{p < 0.001 ? '< 0.001' : decimal(p, 3)}</td>
      <td className={pageClasses.num}>{integer(compared.n)}</td>
    </tr>
  );
}

function Excluded({ taughtChampion, unknownToChampion }: Comparison['excluded']) {
  const parts = [
    ...(taughtChampion > 0
      ? [
          t('{{count, number}} frames of groups that taught the champion, which it knows by heart', {
            count: taughtChampion,
          }),
        ]
      : []),
    ...(unknownToChampion > 0
      ? [
          t('{{count, number}} frames of classes that the champion does not have', {
            count: unknownToChampion,
          }),
        ]
      : []),
  ];
  return parts.length > 0 ? (
    <p className={classes.footnote}>{t('Left out: {{parts}}.', { parts: parts.join('; ') })}</p>
  ) : null;
}
