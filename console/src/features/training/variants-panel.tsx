import { bytes, integer, percent, plural } from '../../ui/format.js';
import { Panel } from '../../ui/page.js';
import pageClasses from '../../ui/page.module.css';
import { Note } from '../../ui/signal.js';
import type { Share, Variant, Variants } from './report.js';
import classes from './training.module.css';

const processors: Record<string, string> = {
  'x86-vnni': 'x86-64 with VNNI',
  x86: 'x86-64 without VNNI',
  arm64: 'ARM',
};

/** Which 8-bit forms of the model are in the package, how they do beside it, and why others are not. */
export function VariantsPanel({ variants: { all, comparedOn } }: { variants: Variants }) {
  const [first] = all;
  const reason = first?.reason;
  if (first && reason && all.every((variant) => variant.reason === reason)) {
    return (
      <Panel title="8-bit variants">
        <p className={classes.promise} data-testid="training-variants">
          None: {reason}. Devices run the model in float.
        </p>
      </Panel>
    );
  }
  return (
    <Panel title="8-bit variants">
      <div className={pageClasses.scroll} data-testid="training-variants">
        <table className={`${pageClasses.table} ${classes.perClass}`}>
          <thead>
            <tr>
              <th>Processor</th>
              <th className={pageClasses.num} title="Frames with the same answer as the model in float">
                Same answer
              </th>
              <th className={pageClasses.num} title="Accuracy in 8 bits, and in float">
                Accuracy
              </th>
              <th className={pageClasses.num}>Size</th>
              <th className={pageClasses.num}>n</th>
            </tr>
          </thead>
          <tbody>
            {all.map((variant) => (
              <Row key={variant.deviceClass} variant={variant} />
            ))}
          </tbody>
        </table>
      </div>
      {comparedOn && comparedOn !== 'held-out' && first ? (
        <Note tone="warn">
          There is no test split: the {plural(first.same.n, 'frame')} compared were trained with.
        </Note>
      ) : null}
    </Panel>
  );
}

const shareOf = ({ value }: Share) => (value === null ? '–' : percent(value, 1));

function Row({ variant: { deviceClass, same, accuracy, bytes: size, reason } }: { variant: Variant }) {
  return (
    <tr>
      <td className={pageClasses.strong}>
        {processors[deviceClass] ?? deviceClass}
        {reason ? <small> not in the package: {reason}</small> : null}
      </td>
      <td className={pageClasses.num}>{shareOf(same)}</td>
      <td className={pageClasses.num}>
        {shareOf(accuracy.variant)} <small>of {shareOf(accuracy.model)}</small>
      </td>
      <td className={pageClasses.num}>{size === null ? '–' : bytes(size)}</td>
      <td className={pageClasses.num}>{integer(same.n)}</td>
    </tr>
  );
}
