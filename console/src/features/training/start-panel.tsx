import { Button, SegmentedControl, Select } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconAdjustments, IconPlayerPlay } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { client, unwrap } from '../../api/client.js';
import { architecturesQuery, classesQuery, keys, statsQuery, trainersQuery } from '../../api/queries.js';
import type { Architecture } from '../../api/types.js';
import { choices, phrase, phrases, t } from '../../i18n/index.js';
import { decimal, integer } from '../../ui/format.js';
import { Panel } from '../../ui/page.js';
import { Problem } from '../../ui/problem.js';
import { AugmentationDialog, allChanges, type Change } from './augmentation-dialog.js';
import { PromisesDialog, promises } from './promises-dialog.js';
import classes from './training.module.css';

/** What is trained beside the head. The first is what the server takes unless told otherwise. */
const modes = [
  { value: 'auto', label: phrase('Where it helps (minutes)') },
  { value: 'head', label: phrase('Head only (seconds)') },
  { value: 'tail', label: phrase('Tail (minutes)') },
  { value: 'whole', label: phrase('Whole net (long)') },
] as const;
type Mode = (typeof modes)[number]['value'];

/** The mode, or the automatic one where the architecture does not bear it. */
const bearable = (mode: Mode, architecture: Architecture | undefined): Mode =>
  (mode === 'tail' || mode === 'whole') && architecture?.tunable[mode] != null ? 'auto' : mode;

/** Pixels a picture is brought to. More show smaller defects and cost a camera time. */
const sizesOf = (architecture: Architecture | undefined) => {
  const own = architecture?.inputSize;
  const choices = [...new Set([...(own ? [own] : []), 224, 320, 448])].sort((a, b) => a - b);
  return [
    { value: 'auto', label: t('Larger where it helps') },
    ...choices.map((each) => ({
      value: String(each),
      label:
        own && each > own
          ? t('{{each}} px, {{work}}× the work', { each, work: decimal((each / own) ** 2, 1) })
          : `${each} px`,
    })),
  ];
};
const sizeFor = (size: string, architecture: Architecture | undefined) =>
  size === 'auto' || architecture?.resizable === false ? ('auto' as const) : Number(size);

const trainerNames = phrases({ builtin: 'This server', torch: 'PyTorch trainer' });
type Trainer = keyof typeof trainerNames;

const kinds = [
  { value: 'classifier', label: phrase('Classifier') },
  { value: 'anomaly', label: phrase('Anomaly model from good parts') },
];
/** Good frames that an anomaly model needs; the server says the same. */
const fewestGood = 10;

/** What a training would learn from now, what it may promise, and the button. */
export function StartPanel({ busy }: { busy: boolean }) {
  const queryClient = useQueryClient();
  const classList = useQuery(classesQuery).data ?? [];
  const fresh = useQuery(statsQuery).data?.labelsSinceLastTraining;
  // What the server takes unless told otherwise.
  const [promise, setPromise] = useState('0.05');
  const [chosenOwn, setOwn] = useState<Record<string, string>>({});
  const [promising, promiseEach] = useDisclosure(false);
  const [mode, setMode] = useState<Mode>('auto');
  const architectures = useQuery(architecturesQuery).data ?? [];
  const [size, setSize] = useState('auto');
  const [architecture, setArchitecture] = useState('default');
  const chosen = architectures.find(({ id }) => id === architecture);
  const [changes, setChanges] = useState<Change[]>(allChanges);
  const [choosing, choose] = useDisclosure(false);
  const [kind, setKind] = useState('classifier');
  const [chosenGood, setGood] = useState<string | null>(null);
  const fullest = [...classList].sort((a, b) => b.labels - a.labels)[0];
  const good = classList.find(({ id }) => id === chosenGood) ?? fullest;
  const anomaly = kind === 'anomaly';
  const own = classList.flatMap(({ id }) => {
    const value = chosenOwn[id];
    return value ? [{ classId: id, alpha: Number(value) }] : [];
  });
  const trainers = useQuery(trainersQuery).data ?? [];
  const [trainer, setTrainer] = useState<Trainer>('builtin');
  const start = useMutation({
    mutationFn: () =>
      unwrap(
        client.POST('/api/v1/training/runs', {
          body: {
            alpha: Number(promise),
            ...(anomaly && good
              ? { kind: 'anomaly' as const, goodClassId: good.id }
              : {
                  ...(own.length > 0 && { alphaByClass: own }),
                  mode: bearable(mode, chosen),
                  architecture: chosen?.id ?? 'default',
                  inputSize: sizeFor(size, chosen),
                  changes,
                  trainer: bearable(mode, chosen) === 'head' ? 'builtin' : trainer,
                }),
          },
        }),
      ),
    onSuccess: () =>
      Promise.all([
        queryClient.invalidateQueries({ queryKey: keys.training }),
        queryClient.invalidateQueries({ queryKey: keys.stats }),
      ]),
  });
  const labels = classList.reduce((sum, each) => sum + each.labels, 0);
  const enough = anomaly
    ? (good?.labels ?? 0) >= fewestGood
    : classList.filter((each) => each.labels >= 2).length >= 2;

  return (
    <Panel>
      <div className={classes.start}>
        <div className={classes.startWords}>
          <h2>
            {enough
              ? t('Train on {{count, number}} labelled frames', {
                  count: anomaly ? (good?.labels ?? 0) : labels,
                })
              : t('Not enough labels yet')}
          </h2>
          <p>
            {anomaly
              ? t(
                  'Learns what good parts look like and flags the rest, before there are defects to label. {{fewestGood}} good frames are the least; a promise takes 45 parts at 5%.',
                  { fewestGood },
                )
              : !enough
                ? t(
                    'Training needs at least two classes with two frames each. A few tens of frames per class give a first useful model.',
                  )
                : fresh === undefined
                  ? ''
                  : fresh === 0
                    ? t('Nothing was labelled since the last training: the result would be the same.')
                    : t('{{count, number}} labels are new since the last training.', { count: fresh })}
          </p>
        </div>
        <div className={classes.startDo}>
          <SegmentedControl
            data={choices(kinds)}
            value={kind}
            onChange={setKind}
            aria-label={t('Kind of model')}
            data-testid="training-kind"
          />
          {anomaly ? (
            <Select
              label={t('Good parts')}
              data={classList.map(({ id, name }) => ({ value: id, label: name }))}
              value={good?.id ?? null}
              onChange={setGood}
              allowDeselect={false}
              w={200}
            />
          ) : (
            <>
              <Select
                label={t('Architecture')}
                data={architectures.map(({ id, name }) => ({ value: id, label: name }))}
                value={architecture}
                onChange={(value) => {
                  setArchitecture(value ?? 'default');
                  setSize('auto');
                }}
                allowDeselect={false}
                w={200}
                data-testid="training-architecture"
              />
              <Select
                label={t('Input size')}
                data={sizesOf(chosen)}
                value={chosen?.resizable === false ? 'auto' : size}
                onChange={(value) => setSize(value ?? 'auto')}
                disabled={chosen?.resizable === false}
                allowDeselect={false}
                w={250}
                data-testid="training-size"
              />
              <Select
                label={t('Fine-tuning')}
                data={choices(modes).map((each) => ({
                  ...each,
                  disabled: bearable(each.value, chosen) !== each.value,
                }))}
                value={bearable(mode, chosen)}
                onChange={(value) => setMode(value ?? 'auto')}
                allowDeselect={false}
                w={270}
                data-testid="training-mode"
              />
              {bearable(mode, chosen) === 'head' || trainers.length < 2 ? null : (
                <Select
                  label={t('Trained by')}
                  data={trainers.map(({ id }) => ({ value: id, label: t(trainerNames[id]) }))}
                  value={trainer}
                  onChange={(value) => setTrainer(value ?? 'builtin')}
                  allowDeselect={false}
                  w={200}
                  data-testid="training-trainer"
                />
              )}
              {bearable(mode, chosen) === 'head' ? null : (
                <Button
                  variant="default"
                  size="md"
                  leftSection={<IconAdjustments size={18} />}
                  onClick={choose.open}
                  data-testid="training-augmentation"
                >
                  {changes.length < allChanges.length
                    ? t('Augmentation: {{chosen}} of {{all}}', {
                        chosen: changes.length,
                        all: allChanges.length,
                      })
                    : t('Augmentation')}
                </Button>
              )}
            </>
          )}
          <Select
            label={anomaly ? t('Good parts flagged') : t('Errors when deciding alone')}
            data={choices(promises)}
            value={promise}
            onChange={(value) => setPromise(value ?? '0.05')}
            allowDeselect={false}
            w={270}
          />
          {anomaly ? null : (
            <Button variant="default" size="md" onClick={promiseEach.open} data-testid="training-promises">
              {own.length > 0
                ? t('{{count, number}} classes have their own', { count: own.length })
                : t('By class')}
            </Button>
          )}
          <Button
            size="md"
            leftSection={<IconPlayerPlay size={18} />}
            disabled={!enough || busy}
            loading={start.isPending}
            onClick={() => start.mutate()}
            data-testid="start-training"
          >
            {t('Train now')}
          </Button>
        </div>
        {classList.length > 0 ? (
          <div className={classes.stock}>
            {classList.map((each) => (
              <span key={each.id} className={classes.stockItem} style={{ '--class-colour': each.colour }}>
                {each.name} <b>{integer(each.labels)}</b>
              </span>
            ))}
          </div>
        ) : null}
        <AugmentationDialog
          opened={choosing}
          onClose={choose.close}
          changes={changes}
          setChanges={setChanges}
        />
        <PromisesDialog
          opened={promising}
          onClose={promiseEach.close}
          classList={classList}
          own={chosenOwn}
          setOwn={setOwn}
        />
        {start.error ? <Problem error={start.error} /> : null}
      </div>
    </Panel>
  );
}
