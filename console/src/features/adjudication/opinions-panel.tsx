import { IconArrowBackUp, IconArrowRight, IconQuestionMark } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { frameImageUrl } from '../../api/client.js';
import { neighboursQuery } from '../../api/queries.js';
import type { ClassItem, Dispute } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { duration, moment, percent } from '../../ui/format.js';
import { digitOf } from '../review/answer-panel.js';
import { type KeyMap, keyWords } from '../review/key-map.js';
import review from '../review/review.module.css';
import classes from './adjudication.module.css';
import type { Decision } from './use-disputes.js';
import { whyWords } from './why-words.js';

interface OpinionsPanelProps {
  dispute: Dispute;
  classList: readonly ClassItem[];
  keys: KeyMap;
  decide: (answer: Decision) => void;
  pass: () => void;
  undo: () => void;
}

/** Who said what, what the model and look-alikes say, and the decision. */
export function OpinionsPanel({ dispute, classList, keys, decide, pass, undo }: OpinionsPanelProps) {
  const classById = new Map(classList.map((each) => [each.id, each]));
  const { opinions, model, frame } = dispute;
  const said = new Set(opinions.map(({ classId }) => classId));
  return (
    <div className={review.panel} data-review-keys>
      <ol className={classes.opinions} aria-label={t('What people say')}>
        {opinions.map((opinion) => (
          <li
            key={opinion.revision}
            style={{ '--class-colour': colourOf(classById, opinion.classId) }}
            data-testid="opinion"
          >
            <b>{nameOf(classById, opinion.classId)}</b>
            <span>
              {opinion.name} <small>{moment(opinion.at)}</small>
            </span>
            <small>
              {opinion.durationMs === null
                ? ''
                : `${t('took {{span}}', { span: duration(opinion.durationMs / 1000) })}, `}
              {opinion.why ? t(whyWords[opinion.why]) : t('outside the queue')}
            </small>
          </li>
        ))}
        <li style={{ '--class-colour': colourOf(classById, model?.classId ?? null) }} data-kind="model">
          <b>{model ? nameOf(classById, model.classId) : t('No view')}</b>
          <span>{t('The model')}</span>
          <small>
            {model ? (
              <>
                {t('{{confidence}} sure', { confidence: percent(model.confidence) })}{' '}
                <kbd className={review.key}>{keyWords(keys.accept)}</kbd>
              </>
            ) : (
              t('It knows too little')
            )}
          </small>
        </li>
      </ol>
      <Neighbours frameId={frame.id} classById={classById} />
      <div className={`${review.choices} ${classes.choices}`}>
        {classList.map((each, place) => (
          <button
            key={each.id}
            type="button"
            className={review.choice}
            style={{ '--class-colour': each.colour }}
            data-suggested={said.has(each.id) ? '' : undefined}
            data-testid={`decide-${each.id}`}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => decide({ kind: 'class', classId: each.id })}
          >
            {digitOf(place) ? <kbd className={review.key}>{digitOf(place)}</kbd> : <span />}
            <span className={review.choiceName}>{each.name}</span>
          </button>
        ))}
      </div>
      <div className={review.others}>
        <button type="button" onClick={() => decide({ kind: 'unsure' })}>
          <IconQuestionMark size={20} aria-hidden /> {t('Unsure')}{' '}
          <kbd className={review.key}>{keyWords(keys.unsure)}</kbd>
        </button>
        <button type="button" onClick={pass}>
          <IconArrowRight size={20} aria-hidden /> {t('Later')}{' '}
          <kbd className={review.key}>{keyWords(keys.skip)}</kbd>
        </button>
        <button type="button" onClick={undo} data-testid="undo-decision">
          <IconArrowBackUp size={20} aria-hidden /> {t('Undo')}{' '}
          <kbd className={review.key}>{keyWords(keys.undo)}</kbd>
        </button>
      </div>
    </div>
  );
}

type Classes = ReadonlyMap<string, ClassItem>;
const nameOf = (classById: Classes, id: string | null): string =>
  id === null ? t('Unsure') : (classById.get(id)?.name ?? id);
const colourOf = (classById: Classes, id: string | null): string =>
  (id === null ? undefined : classById.get(id)?.colour) ?? 'var(--ls-dim)';

function Neighbours({ frameId, classById }: { frameId: string; classById: Classes }) {
  const found = useQuery(neighboursQuery(frameId)).data ?? [];
  if (found.length === 0) return null;
  return (
    <section className={classes.neighbours} aria-label={t('Labelled frames that look alike')}>
      {found.map(({ frameId: id, classId }) => (
        <Link key={id} to="/frames/$frameId" params={{ frameId: id }} tabIndex={-1}>
          <img src={frameImageUrl(id, 256)} alt="" />
          <span style={{ '--class-colour': colourOf(classById, classId) }}>{nameOf(classById, classId)}</span>
        </Link>
      ))}
    </section>
  );
}
