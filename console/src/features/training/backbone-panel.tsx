import { percent, plural } from '../../ui/format.js';
import { Panel } from '../../ui/page.js';
import pageClasses from '../../ui/page.module.css';
import type { FineTuning } from './report.js';
import classes from './training.module.css';

const reasons: Record<string, string> = {
  'no-gain': 'fine-tuning was tried and was no better beyond chance',
  'too-few-groups': 'there were too few frames to judge fine-tuning by',
  'too-little-memory': 'fine-tuning would need more memory than this server gives it',
  'head-only': 'this architecture cannot be fine-tuned here',
  'no-tail': 'this backbone has no tail that could be fine-tuned',
};

/** How far the backbone was trained with the head, and the figures that decided it. */
export function BackbonePanel({ tuning }: { tuning: FineTuning }) {
  const { chosen, reason, start, best, folds } = tuning;
  return (
    <Panel title="Backbone">
      <p className={classes.promise} data-testid="training-backbone">
        {chosen === 'head'
          ? `Left as it was: ${reasons[reason] ?? reason}.`
          : `Fine-tuned ${chosen === 'whole' ? 'as a whole' : 'behind the cut'}, ${
              reason === 'asked' ? 'as asked' : 'because validation showed a gain'
            }.`}
      </p>
      {start && best ? (
        <div className={pageClasses.scroll}>
          <table className={`${pageClasses.table} ${classes.perClass}`}>
            <thead>
              <tr>
                <th>
                  On frames left out, {folds === 1 ? 'a quarter of them' : `in ${plural(folds, 'fold')}`}
                </th>
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
              <Row name="Head alone" epoch={start} />
              <Row name={`Fine-tuned, epoch ${best.epoch}`} epoch={best} />
            </tbody>
          </table>
        </div>
      ) : null}
    </Panel>
  );
}

function Row({ name, epoch }: { name: string; epoch: NonNullable<FineTuning['best']> }) {
  return (
    <tr>
      <td className={pageClasses.strong}>{name}</td>
      <td className={pageClasses.num}>{percent(epoch.balancedAccuracy, 1)}</td>
      <td className={pageClasses.num}>{epoch.logLoss.toFixed(3)}</td>
    </tr>
  );
}
