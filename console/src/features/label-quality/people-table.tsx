import type { LabelQuality } from '../../api/types.js';
import { t } from '../../i18n/index.js';
import { decimal, integer } from '../../ui/format.js';
import { Panel } from '../../ui/page.js';
import pageClasses from '../../ui/page.module.css';
import { CompareRate, Rate } from './rate.js';

interface TableProps {
  quality: LabelQuality;
  /** Null: unsure. */
  nameOf: (classId: string | null) => string;
}

/** What a person said of each class, and of frames that are known to be of it. */
function classesOf({ byClass, knownByClass }: LabelQuality['people'][number]) {
  const ids = new Set([...byClass, ...knownByClass].map(({ classId }) => classId));
  return [...ids].map((classId) => ({
    classId,
    second: byClass.find((each) => each.classId === classId),
    known: knownByClass.find((each) => each.classId === classId),
  }));
}

/** Each person: how much, how fast, and how far a second person said the same. */
export function PeopleTable({ quality, nameOf }: TableProps) {
  return (
    <Panel title={quality.own ? t('Your labels') : t('People')}>
      <div className={pageClasses.scroll}>
        <table className={pageClasses.table} data-testid="quality-people">
          <thead>
            <tr>
              {quality.own ? null : <th>{t('Person')}</th>}
              <th>{t('Labels said')}</th>
              <th className={pageClasses.num}>{t('Answers')}</th>
              <th className={pageClasses.num}>{t('An hour')}</th>
              <th>{t('A second person said the same')}</th>
              <th>{t('Known answers right')}</th>
              <th>{t('Upheld in disputes')}</th>
            </tr>
          </thead>
          <tbody>
            {quality.people.flatMap((person) => [
              <tr key={person.author}>
                {quality.own ? null : <td className={pageClasses.strong}>{person.name}</td>}
                <td className={pageClasses.strong}>{t('All')}</td>
                <td className={pageClasses.num}>{integer(person.answers)}</td>
                <td className={pageClasses.num}>
                  {person.perHour === null ? '–' : integer(Math.round(person.perHour))}
                </td>
                <td>
                  <CompareRate of={person.secondOpinions} />
                </td>
                <td>
                  <CompareRate of={person.knownAnswers} />
                </td>
                <td>
                  <Rate of={person.upheld} />
                </td>
              </tr>,
              ...classesOf(person).map(({ classId, second, known }) => (
                <tr key={`${person.author} ${classId}`}>
                  {quality.own ? null : <td />}
                  <td>{nameOf(classId)}</td>
                  <td colSpan={2} />
                  <td>{second ? <CompareRate of={second} /> : null}</td>
                  <td>{known ? <CompareRate of={known} /> : null}</td>
                  <td />
                </tr>
              )),
            ])}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

/** Each class, and each two people. */
export function AgreementTables({ quality, nameOf }: TableProps) {
  const people = new Map(quality.people.map(({ author, name }) => [author, name]));
  const person = (author: string) => people.get(author) ?? author;
  return (
    <>
      <Panel title={t('Classes: when one of two said it, did both?')}>
        <div className={pageClasses.scroll}>
          <table className={pageClasses.table} data-testid="quality-classes">
            <thead>
              <tr>
                <th>{t('Class')}</th>
                <th>{t('Both said it')}</th>
              </tr>
            </thead>
            <tbody>
              {quality.classes.map((each) => (
                <tr key={each.classId}>
                  <td className={pageClasses.strong}>{nameOf(each.classId)}</td>
                  <td>
                    <CompareRate of={each} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Panel>
      <Panel title={t('Two by two')}>
        <div className={pageClasses.scroll}>
          <table className={pageClasses.table} data-testid="quality-pairs">
            <thead>
              <tr>
                <th>{t('People')}</th>
                <th>{t('Said the same')}</th>
                <th className={pageClasses.num}>{t('Cohen’s kappa')}</th>
              </tr>
            </thead>
            <tbody>
              {quality.pairs.map((each) => (
                <tr key={`${each.one} ${each.other}`}>
                  <td className={pageClasses.strong}>
                    {t('{{person}} and {{person2}}', {
                      person: person(each.one),
                      person2: person(each.other),
                    })}
                  </td>
                  <td>
                    <CompareRate of={each} />
                  </td>
                  <td className={pageClasses.num}>{each.kappa === null ? '–' : decimal(each.kappa, 2)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Panel>
    </>
  );
}
