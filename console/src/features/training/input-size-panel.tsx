import type { InputSize } from '../../api/types.js';
import { percent } from '../../ui/format.js';
import { Panel } from '../../ui/page.js';
import pageClasses from '../../ui/page.module.css';
import classes from './training.module.css';

const reasons: Record<InputSize['reason'], string> = {
  asked: 'as asked',
  gain: 'because validation showed a gain over the native size',
  'no-gain': 'larger ones were tried and were no better beyond chance',
  'small-pictures': 'the pictures have no more pixels to show',
  fixed: 'this architecture takes no other',
  'too-few-groups': 'there were too few frames to judge another by',
  'too-slow': 'reading every picture at a larger one would take too long',
  'too-little-memory': 'a larger one would need more memory than this server gives it',
};

/** At which size the network sees a picture, why, and what that costs a camera. */
export function InputSizePanel({ inputSize }: { inputSize: InputSize }) {
  const { chosen, native, reason, workFactor, table } = inputSize;
  return (
    <Panel title="Input size">
      <p className={classes.promise} data-testid="training-input-size">
        <b>
          {chosen} × {chosen} pixels
        </b>
        {reason === 'asked' ? ', ' : ': '}
        {reasons[reason]}.
        {chosen === native
          ? ''
          : ` A frame is about ${workFactor.toFixed(1)}× the work of ${native} × ${native}, on every camera.`}
      </p>
      {table.length > 1 ? (
        <div className={pageClasses.scroll}>
          <table className={`${pageClasses.table} ${classes.perClass}`}>
            <thead>
              <tr>
                <th>Head alone, on {inputSize.n} frames left out in turn</th>
                <th className={pageClasses.num}>Balanced accuracy</th>
                <th
                  className={pageClasses.num}
                  title="Mean surprise at the true class, calibrated: smaller is better"
                >
                  Log-loss
                </th>
              </tr>
            </thead>
            <tbody>
              {table.map((row) => (
                <tr key={row.size}>
                  <td className={pageClasses.strong}>{row.size} px</td>
                  <td className={pageClasses.num}>{percent(row.balancedAccuracy, 1)}</td>
                  <td className={pageClasses.num}>{row.logLoss.toFixed(3)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
    </Panel>
  );
}
