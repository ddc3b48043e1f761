import type { LabelQuality } from '../../api/types.js';
import { integer } from '../../ui/format.js';
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
    <Panel title={quality.own ? 'Your labels' : 'People'}>
      <div className={pageClasses.scroll}>
        <table className={pageClasses.table} data-testid="quality-people">
          <thead>
            <tr>
              {quality.own ? null : <th>Person</th>}
              <th>Labels said</th>
              <th className={pageClasses.num}>Answers</th>
              <th className={pageClasses.num}>An hour</th>
              <th>A second person said the same</th>
              <th>Known answers right</th>
              <th>Upheld in disputes</th>
            </tr>
          </thead>
          <tbody>
            {quality.people.flatMap((person) => [
              <tr key={person.author}>
                {quality.own ? null : <td className={pageClasses.strong}>{person.name}</td>}
                <td className={pageClasses.strong}>All</td>
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
      <Panel title="Classes: when one of two said it, did both?">
        <div className={pageClasses.scroll}>
          <table className={pageClasses.table} data-testid="quality-classes">
            <thead>
              <tr>
                <th>Class</th>
                <th>Both said it</th>
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
      <Panel title="Two by two">
        <div className={pageClasses.scroll}>
          <table className={pageClasses.table} data-testid="quality-pairs">
            <thead>
              <tr>
                <th>People</th>
                <th>Said the same</th>
                <th className={pageClasses.num}>Cohen’s kappa</th>
              </tr>
            </thead>
            <tbody>
              {quality.pairs.map((each) => (
                <tr key={`${each.one} ${each.other}`}>
                  <td className={pageClasses.strong}>
                    {person(each.one)} and {person(each.other)}
                  </td>
                  <td>
                    <CompareRate of={each} />
                  </td>
                  <td className={pageClasses.num}>{each.kappa === null ? '–' : each.kappa.toFixed(2)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Panel>
    </>
  );
}
