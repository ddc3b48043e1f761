/**
 * What server and devices tell people in words, each sentence once. They are stored and sent in English, made by `say`;
 * the console knows them by their shape and words them in the person's language (`console/src/ui/said.ts`).
 */
export const sentences = {
  // why a frame is to be labelled
  flag_low_confidence: 'The camera was not sure',
  flag_small_margin: 'Two classes were close',
  flag_novel: 'Unlike what it was trained on',
  flag_disagreement: 'The challenger disagrees',
  flag_image_dark: 'Too dark',
  flag_image_bright: 'Too bright',
  flag_image_blurry: 'Blurred',
  flag_image_covered: 'The lens seems covered',
  flag_image_moved: 'The camera has moved',
  flag_image_frozen: 'The picture is frozen',
  flag_audit: 'Random check',
  flag_record: 'Recorded',
  flag_no_model: 'The camera had no model',
  flag_requested: 'Asked for',
  flag_sure: 'confidence {{confidence}}, margin {{margin}}',
  flag_distance: '{{distance}} from what it learnt, usual up to {{usual}}',
  flag_challenger: '{{class}}, confidence {{confidence}}',
  order_torn: 'torn between {{first}} and {{second}}',
  order_torn_novel: 'torn between {{first}} and {{second}}, and unlike anything labelled',
  order_novel: 'unlike anything labelled',
  order_unsure: 'not sure of {{class}}',
  order_like: 'looks like {{class}}',
  order_typical: 'typical of {{size}} similar frames',
  order_odd: 'unlike the other frames',
  queue_sent: 'Sent by {{name}}',
  queue_imported: 'Imported from {{file}}',
  queue_split: 'The class {{class}} was split into {{parts}}',
  queue_drift: 'Drift',
  // what became of the classes
  class_added: '{{class}} was added',
  class_renamed: '{{from}} is called {{to}} now',
  class_merged: '{{class}} was merged into {{into}}: {{frames}}',
  class_split: '{{class}} was split into {{parts}}: {{frames}} to label anew',
  class_merge_undone: 'That {{class}} was merged was taken back: {{frames}}',
  class_split_undone: 'That {{class}} was split was taken back: {{frames}}',
  class_rename_back: 'Give the class its old name.',
  class_nothing_to_undo: 'There is nothing to take back.',
  class_undone: 'It was taken back already.',
  class_changed_since: 'One of the classes was merged or split since.',
  class_labelled_since: 'Somebody has labelled one of its frames since.',
  frames_one: '1 frame',
  frames_many: '{{n}} frames',
  // rollouts
  rollout_aborted: 'The rollout was aborted.',
  rollout_silent: 'The device went silent during the update.',
  rollout_first: 'Rollout {{number}} came first.',
  rollout_paused: 'Paused by {{actor}}.',
  rollout_approved: 'As {{role}}.',
  rollout_rolls_back: 'Rolls back rollout {{number}}.',
  rollout_rolled_back: 'Rolled back by {{actor}} with rollout {{numbers}}.',
  rollout_replaced: 'With rollout {{numbers}}.',
  gate_failed: '{{failures}} of {{devices}} failed; the gate allows {{allowed}}.',
  gate_rejected: '{{failures}} of {{devices}} rejected it; the gate allows {{allowed}}.',
  gate_timed_out: '{{failures}} of {{devices}} timed out; the gate allows {{allowed}}.',
  gate_unconfirmed: '{{confirmed}} of {{within}} devices confirmed; the gate needs {{needed}}.',
  gate_none: 'none',
  gate_before: ', before {{share}}',
  devices_one: '1 device',
  devices_many: '{{n}} devices',
  quality_disagreement:
    'the champion decides otherwise on {{value}} of the frames{{where}}, in {{n}} observations; the gate allows {{limit}}.',
  quality_class_share: '{{value}} of {{n}} frames{{before}}; the gate allows a change of {{limit}}.',
  quality_confidence:
    'the confidence is {{value}} over {{n}} frames{{where}}{{before}}; the gate allows a fall of {{limit}}.',
  quality_flag_rate:
    '{{value}} of the frames are flagged{{where}}, in {{n}} observations{{before}}; the gate allows a rise of {{limit}}.',
  quality_latency:
    '{{value}} of {{n}} reports{{where}} have a decision latency above {{limit}} times that of before; {{late}} may.',
  quality_golden: 'the golden frames fail on {{value}} of {{n}} devices; the gate allows {{limit}}.',
  // drift
  drift_class_more: 'decisions for {{class}} have become more',
  drift_class_fewer: 'decisions for {{class}} have become fewer',
  drift_less_sure: 'the model is less sure',
  drift_more_sure: 'the model is more sure',
  drift_farther: 'frames lie farther from what the model learnt from',
  drift_nearer: 'frames lie nearer to what the model learnt from',
  drift_now: '{{before}}, now {{now}}',
  drift_novel: 'novel {{before}}, now {{now}}',
  // how far a training run is
  training_read: '{{done}} of {{total}} pictures read',
  training_fit: 'fit {{done}} of {{total}}',
  training_fold: 'fold {{done}} of {{total}}',
  training_curve: 'learning curve',
  training_sized: '{{done}} of {{total}} pictures at {{size}} pixels',
  training_head_at: 'head at {{size}} pixels',
  training_prepared: '{{done}} of {{total}} pictures prepared, {{mebibytes}} MiB of memory',
  training_check: 'check {{done}} of {{total}}',
  training_whole: 'training on every picture',
  training_epoch: '{{fit}}, epoch {{epoch}} of {{epochs}}: loss {{loss}}, about {{seconds}} s left',
  training_epoch_judged:
    '{{fit}}, epoch {{epoch}} of {{epochs}}: loss {{loss}}, validation accuracy {{accuracy}} %, about {{seconds}} s left',
  training_writing: 'writing the model',
  training_checked: '{{done}} of {{total}} pictures checked',
  training_compared: '{{done}} of {{total}} pictures shown to the champion',
  training_forecast: '{{total}} pictures: about {{seconds}} s and {{mebibytes}} MiB',
  training_variants: 'variants',
  training_calibrating: 'calibrating for 8 bits',
  training_peaks: 'values for fp16',
  sweep_rung: 'rung {{rung}}, {{name}} at {{size}} px',
  sweep_tail: 'rung 3, {{name}} at {{size}} px, tail ({{regularisation}})',
  // alarms
  device_silent: 'The device is connected but has sent no telemetry for {{seconds}} s.',
  device_cloned: 'Two machines use the identity of this device.',
  device_quarantined:
    'Two machines use the identity of this device. Neither may connect until an admin decides.',
  alarm_silent: 'nothing is decided',
  alarm_no_frames: 'no frames come although its source reports no fault',
  alarm_model_fails: 'frames come, and the model fails on them',
  alarm_model_mute: 'frames come, and the model does not answer',
  alarm_stalled: 'its source was started and has delivered no frame yet',
  alarm_source: 'the source failed',
  alarm_source_again: 'the source failed and is tried again',
  alarm_flapping: 'the source fails again and again',
  alarm_frozen: 'the source repeats one picture',
  alarm_no_model: 'there is no model: nothing is decided',
  alarm_backend: '{{backend}} does not answer',
  alarm_degraded: '{{actual}} runs instead of {{requested}}',
  alarm_output: 'decisions do not reach the output {{name}}',
  alarm_disk: 'the disk cannot be read or written',
  alarm_disk_full: 'the disk is full: flagged frames are lost',
  alarm_evicting: 'the least valuable frames that wait are given up for lack of space',
  alarm_disk_low: 'the disk with the state folder is nearly full',
  alarm_memory: 'hardly any memory is left',
  alarm_hot: 'hotter than 85 °C: the processor will slow down',
  alarm_clock_old: 'the clock stands before the agent was made',
  alarm_clock: "the clock differs from the fleet server's by more than two minutes",
  alarm_settings_back: 'new settings were taken back',
  alarm_settings_refused: 'new settings were refused',
  alarm_hold: 'a hold on updates was not released and has been lifted',
} as const;

export type SentenceCode = keyof typeof sentences;

type Names<Text extends string> = Text extends `${string}{{${infer Name}}}${infer Rest}`
  ? Name | Names<Rest>
  : never;
type Values<Code extends SentenceCode> = Names<(typeof sentences)[Code]>;

/** A sentence with its figures and names. */
export function say<Code extends SentenceCode>(
  code: Code,
  ...[values]: [Values<Code>] extends [never] ? [] : [Readonly<Record<Values<Code>, string | number>>]
): string {
  const given: Readonly<Record<string, string | number>> = values ?? {};
  return sentences[code].replace(/\{\{(\w+)\}\}/g, (_, name: string) => String(given[name]));
}
